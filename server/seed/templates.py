"""The eight kinds of tickets of spec section 10: wording, linked things, who raises them, how urgent they are.

In a sentence, ``{ref}`` stands for the linked thing; the other placeholders are filled by ``stories``. Of all templates
only ``payment_not_received`` says "issue", and only in some of its titles, so that the search "payment issue" finds a
few per cent of a loaded database, as it would of a real one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from server.domain.roles import Role
from server.domain.tickets import LinkedType, TicketPriority, TicketSeverity

_P = TicketPriority
_L = LinkedType
_V = TicketSeverity


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of ticket. Weights are relative within their own mapping."""

    key: str
    weight: int
    """Share of all tickets, in per cent."""
    titles: tuple[str, ...]
    openings: tuple[str, ...]
    """What happened: the first sentences of a description."""
    details: tuple[str, ...]
    """What is known besides; the middle of a description."""
    closings: tuple[str, ...]
    """What is wanted; the end of a description."""
    replies: tuple[str, ...]
    """First messages by staff."""
    resolutions: tuple[str, ...]
    linked: Mapping[LinkedType, int]
    priorities: Mapping[TicketPriority, int]
    severities: tuple[TicketSeverity, ...]
    creators: Mapping[Role, int]
    service: str
    """The service account that raises it when the creator is ``system``."""
    tags: tuple[str, ...]
    """The first one is on every ticket of the kind."""
    sensitive_per_mille: int = 0
    """How many of a thousand hold personal documents and are marked sensitive."""


PAYMENT_NOT_RECEIVED = Template(
    key="payment_not_received",
    weight=20,
    titles=(
        "Payment not received for {ref}",
        "Freight of INR {amount} still unpaid on {ref}",
        "Balance payment pending since delivery, {ref}",
        "Payment issue on {ref}: operator not credited",
        "Advance received, balance missing for {ref}",
        "Short payment of INR {amount} against {ref}",
        "UTR shared but payment not credited, {ref}",
    ),
    openings=(
        "{operator} delivered {goods} from {city} to {city2} under {ref}; the balance of INR {amount} has not arrived.",
        "The payment of INR {amount} for {ref} shows as processed in the app, yet {operator} has no credit.",
        "Settlement for {ref} ({city} to {city2}, {goods}) was due within 48 hours of delivery and is still pending.",
        "{shipper} says the freight for {ref} was paid in full; of it, INR {amount} never reached the operator.",
    ),
    details=(
        "The bank returned the transfer because the IFSC code on the profile is out of date.",
        "TDS was deducted twice, so the amount differs from the invoice.",
        "The UTR number was shared on the phone and does not match any credit in the statement.",
        "The operator changed the bank account last week and verification is not finished.",
        "Detention charges for two days were approved and are not part of the transfer.",
        "The shipper's wallet was debited, the payout batch of that night failed half way.",
    ),
    closings=(
        "Please release the amount today; the driver's diesel has to be paid.",
        "Kindly check with finance and share the UTR with the operator.",
        "The operator will not accept further loads until this is settled.",
        "Please reconcile the ledger and confirm the expected date of credit.",
    ),
    replies=(
        "We have asked finance for the payout status and will share the UTR as soon as we have it.",
        "Please confirm the last four digits of the account and the IFSC code, so that we can retry the transfer.",
        "The payout batch is being re-run tonight. The credit should show by tomorrow noon.",
    ),
    resolutions=(
        "Payout re-run after the bank details were corrected; UTR shared with the operator.",
        "Balance freight transferred by NEFT and credit confirmed by the operator.",
        "Double TDS deduction reversed and the difference paid with the weekly settlement.",
    ),
    linked={_L.PAYMENT: 45, _L.BOOKING: 40, _L.OPERATOR: 10, _L.FRANCHISE: 5},
    priorities={_P.LOW: 10, _P.MEDIUM: 55, _P.HIGH: 30, _P.CRITICAL: 5},
    severities=(_V.MODERATE, _V.MAJOR),
    creators={Role.OPERATOR: 60, Role.SHIPPER: 35, Role.DRIVER: 5},
    service="settlement-service",
    tags=("payment", "settlement", "neft", "tds", "advance", "finance"),
)

TRUCK_KYC_EXPIRED = Template(
    key="truck_kyc_expired",
    weight=12,
    titles=(
        "Truck KYC expired: {ref}, {registration}",
        "Fitness certificate lapsed for {registration} ({ref})",
        "National permit of {registration} expired, {ref} blocked",
        "Insurance document rejected for {ref}",
    ),
    openings=(
        "The KYC of truck {registration} ({ref}) expired and the vehicle was taken off the marketplace automatically.",
        "{operator} uploaded a renewed fitness certificate for {registration} ({ref}), yet it still says expired.",
        "Insurance of {registration} ran out while the truck was loaded with {goods} for {city2}; {ref} is blocked.",
    ),
    details=(
        "The scan of the registration certificate is cut off at the chassis number.",
        "The VAHAN record shows a later date than the uploaded document.",
        "The policy was renewed through an agent in {city} and the number has one digit more.",
        "The owner's PAN on the document differs from the one on the operator's profile.",
        "Three trucks of the same operator lapse within the next ten days.",
    ),
    closings=(
        "Please verify the new documents so that the truck can take loads again.",
        "Kindly tell the operator which document is missing.",
        "The next booking is tomorrow morning; a check today would save it.",
    ),
    replies=(
        "Thank you, we have received the new documents. Verification takes up to four working hours.",
        "Please upload a full colour scan of both sides; the chassis number must be readable.",
    ),
    resolutions=(
        "Renewed documents verified against VAHAN; truck is active again.",
        "Insurance confirmed with the insurer and KYC extended to the policy's end.",
    ),
    linked={_L.TRUCK: 70, _L.DOCUMENT: 30},
    priorities={_P.LOW: 45, _P.MEDIUM: 45, _P.HIGH: 10},
    severities=(_V.MINOR, _V.MODERATE),
    creators={Role.OPERATOR: 55, Role.SYSTEM: 45},
    service="kyc-service",
    tags=("kyc", "truck", "documents", "fitness", "permit", "insurance"),
    sensitive_per_mille=90,
)

POD_MISMATCH = Template(
    key="pod_mismatch",
    weight=15,
    titles=(
        "POD mismatch on {ref}: quantity differs",
        "Proof of delivery unreadable for {ref}",
        "Shortage noted on POD of {ref}",
        "POD shows a different consignee, {ref}",
    ),
    openings=(
        "The proof of delivery of {ref} ({city} to {city2}) shows fewer packages of {goods} than were loaded.",
        "{shipper} refuses the proof of delivery for {ref}, since the consignee's stamp is missing.",
        "The uploaded proof of delivery for {ref} belongs to another consignment of {goods}.",
    ),
    details=(
        "The lorry receipt says 420 packages, the consignee signed for 412.",
        "The photograph is blurred and neither date nor signature can be read.",
        "The driver says the seal was intact on arrival at the {city2} warehouse.",
        "Six packages were wet after heavy rain near {city} and were refused.",
        "The weighbridge slip differs by 240 kg from the invoice.",
    ),
    closings=(
        "Please get the signed original from the consignee.",
        "Kindly settle with the operator whether a claim will be raised.",
        "The invoice cannot be raised before this is cleared.",
    ),
    replies=(
        "We have asked the operator for the original POD and the weighbridge slip.",
        "The franchise in the delivery city will visit the consignee tomorrow.",
    ),
    resolutions=(
        "Signed original received and uploaded; quantity agreed by both sides.",
        "Shortage of eight packages accepted by the operator and deducted from the freight.",
    ),
    linked={_L.SHIPMENT: 65, _L.BOOKING: 25, _L.DOCUMENT: 10},
    priorities={_P.LOW: 30, _P.MEDIUM: 55, _P.HIGH: 15},
    severities=(_V.MINOR, _V.MODERATE, _V.MAJOR),
    creators={Role.SHIPPER: 75, Role.OPERATOR: 25},
    service="delivery-service",
    tags=("pod", "delivery", "shortage", "damage", "claims"),
)

OPERATOR_SUSPENDED = Template(
    key="operator_suspended",
    weight=8,
    titles=(
        "Operator {ref} suspended, trucks on the road",
        "Appeal against suspension of {ref}",
        "Suspended operator {ref} has active bookings",
    ),
    openings=(
        "{operator} ({ref}) was suspended after three cancelled bookings in a week and appeals against it.",
        "The suspension of {operator} ({ref}) leaves loaded trucks between {city} and {city2} without support.",
        "{ref} was suspended by the rating rule although two of the ratings were later withdrawn.",
    ),
    details=(
        "Four bookings of {goods} are open and need another operator.",
        "The operator claims that the cancellations were made by the shipper in {city}.",
        "A call centre note of last month already promised a review.",
        "Security deposit of INR {amount} is held back until the review is done.",
    ),
    closings=(
        "Please review the suspension and inform the franchise.",
        "Kindly reassign the open bookings before tonight.",
        "The operator asks for a call from a manager.",
    ),
    replies=(
        "Your appeal is with the regional manager. Loaded trucks may complete their trips meanwhile.",
        "Open bookings are being moved to another operator; please send the truck numbers.",
    ),
    resolutions=(
        "Suspension lifted after review; two ratings removed.",
        "Suspension upheld, open bookings reassigned, deposit released after settlement.",
    ),
    linked={_L.OPERATOR: 100},
    priorities={_P.LOW: 10, _P.MEDIUM: 40, _P.HIGH: 42, _P.CRITICAL: 8},
    severities=(_V.MODERATE, _V.MAJOR),
    creators={Role.OPERATOR: 65, Role.SYSTEM: 35},
    service="rating-service",
    tags=("operator", "suspension", "appeal", "rating"),
)

BOOKING_AUTO_FINALISE_FAILED = Template(
    key="booking_auto_finalise_failed",
    weight=13,
    titles=(
        "Booking {ref} was not finalised automatically",
        "Auto-finalise failed for {ref}: no bid confirmed",
        "{ref} stuck in bidding after auto-finalise",
    ),
    openings=(
        "Auto-finalise of {ref} ({city} to {city2}, {goods}) failed and the booking is stuck in bidding.",
        "The lowest bid on {ref} was accepted by {operator}, but the booking never became final.",
        "{shipper} chose auto-finalise for {ref}; at closing time no bid was confirmed and nobody was told.",
    ),
    details=(
        "The scheduler ran twice within the same minute and both runs gave up.",
        "The winning truck's capacity is below the booked weight by one tonne.",
        "The bid of INR {amount} expired two minutes before the closing time.",
        "The wallet hold of the operator failed with a time-out.",
    ),
    closings=(
        "Please finalise by hand; loading at {city} is planned for tomorrow 6 am.",
        "Kindly reopen bidding and inform the shipper.",
        "The shipper will cancel if there is no truck by evening.",
    ),
    replies=(
        "We have finalised the booking by hand and informed both sides. The cause is being looked into.",
        "Bidding is open again until 8 pm. We will call the three nearest operators.",
    ),
    resolutions=(
        "Booking finalised by hand with the second lowest bid; scheduler fix deployed.",
        "Bidding reopened and closed normally; shipper informed.",
    ),
    linked={_L.BOOKING: 100},
    priorities={_P.LOW: 15, _P.MEDIUM: 55, _P.HIGH: 25, _P.CRITICAL: 5},
    severities=(_V.MINOR, _V.MODERATE, _V.MAJOR),
    creators={Role.SHIPPER: 50, Role.SYSTEM: 50},
    service="booking-service",
    tags=("booking", "auto-finalise", "bidding", "scheduler"),
)

DRIVER_LICENCE_EXPIRING = Template(
    key="driver_licence_expiring",
    weight=9,
    titles=(
        "Driver licence expiring for {ref}",
        "Licence of {person} ({ref}) ends this month",
        "Hazardous goods endorsement of {ref} about to lapse",
    ),
    openings=(
        "The driving licence of {person} ({ref}), driving for {operator}, ends within the next days.",
        "{person} ({ref}) has renewed the licence at the RTO in {city}; the new card is not uploaded yet.",
        "The hazardous goods endorsement of {person} ({ref}) lapses while a trip to {city2} is booked.",
    ),
    details=(
        "The SARATHI portal shows the renewal as in progress.",
        "The medical certificate of the driver is more than a year old.",
        "The name on the licence differs in spelling from the Aadhaar card.",
        "The driver is on the road with {goods} and can upload only on Sunday.",
    ),
    closings=(
        "Please remind the operator and block new trips after the date.",
        "Kindly accept the acknowledgement slip until the card arrives.",
        "A second driver should be named for the next trip.",
    ),
    replies=(
        "Please upload the acknowledgement slip of the RTO; with it trips stay possible for 30 days.",
        "The operator has been reminded. We will check again before the expiry date.",
    ),
    resolutions=(
        "New licence verified against SARATHI and stored.",
        "Acknowledgement accepted, final card verified a week later.",
    ),
    linked={_L.USER: 70, _L.DOCUMENT: 30},
    priorities={_P.LOW: 75, _P.MEDIUM: 23, _P.HIGH: 2},
    severities=(_V.MINOR,),
    creators={Role.DRIVER: 40, Role.OPERATOR: 30, Role.SYSTEM: 30},
    service="kyc-service",
    tags=("kyc", "driver", "licence", "documents", "reminder"),
    sensitive_per_mille=100,
)

SHIPMENT_DELAYED = Template(
    key="shipment_delayed",
    weight=17,
    titles=(
        "Shipment {ref} delayed near {city}",
        "{ref} has not moved for a day",
        "Late delivery of {goods} to {city2}, {ref}",
        "No GPS signal from {ref} since last night",
    ),
    openings=(
        "{ref} with {goods} from {city} to {city2} is late and the consignee has no information.",
        "The truck {registration} of {operator} carrying {ref} has been standing near {city} since yesterday.",
        "{shipper} reports that {ref} should have reached {city2} this morning.",
    ),
    details=(
        "The driver's phone is switched off and GPS shows the same place for 14 hours.",
        "There is a queue of several kilometres at the state border check post.",
        "The e-way bill expires tonight and has to be extended.",
        "A tyre burst on NH 48 and the spare is not available.",
        "The unloading bay at {city2} is closed for a local holiday.",
    ),
    closings=(
        "Please get a new time of arrival from the operator.",
        "Kindly extend the e-way bill and inform the consignee.",
        "The production line of the consignee stands still without this load.",
    ),
    replies=(
        "We have reached the operator: the truck is moving again and should arrive by tomorrow morning.",
        "The e-way bill has been extended. We will share the location every three hours.",
    ),
    resolutions=(
        "Delivered with a delay of one day; consignee confirmed receipt in good condition.",
        "Replacement truck arranged and load delivered; detention waived for the shipper.",
    ),
    linked={_L.SHIPMENT: 80, _L.BOOKING: 15, _L.TRUCK: 5},
    priorities={_P.LOW: 15, _P.MEDIUM: 45, _P.HIGH: 34, _P.CRITICAL: 6},
    severities=(_V.MODERATE, _V.MAJOR),
    creators={Role.SHIPPER: 80, Role.SYSTEM: 15, Role.DRIVER: 5},
    service="tracking-service",
    tags=("delay", "tracking", "gps", "e-way-bill", "breakdown"),
)

FRAUD_ALERT = Template(
    key="fraud_alert",
    weight=6,
    titles=(
        "Fraud alert: {ref} flagged by the risk engine",
        "Suspected duplicate invoices from {ref}",
        "Fake proof of delivery suspected, {ref}",
        "Account takeover suspected for {ref}",
    ),
    openings=(
        "The risk engine flagged {ref}: the same invoice of INR {amount} was submitted by two accounts.",
        "{shipper} reports a caller who posed as Rodistaa staff and asked for an advance on {ref}.",
        "GPS of the truck under {ref} never left {city}, yet delivery at {city2} was reported.",
    ),
    details=(
        "Both accounts were opened from the same device in {city}.",
        "The bank account was changed ten minutes before the withdrawal.",
        "The stamp on the document belongs to a firm that closed in 2022.",
        "Three other bookings of {operator} show the same pattern.",
    ),
    closings=(
        "Please freeze the payout and inform compliance.",
        "Kindly verify by phone with the registered number only.",
        "All documents are kept for the police report.",
    ),
    replies=(
        "Thank you for reporting this. The account is frozen; please share no OTP with anybody.",
        "Our compliance team has taken over and will call from the official number.",
    ),
    resolutions=(
        "Account closed, payout reversed, police report filed by compliance.",
        "False alarm: both invoices belong to one split load; account released.",
    ),
    linked={_L.USER: 45, _L.OPERATOR: 30, _L.BOOKING: 25},
    priorities={_P.MEDIUM: 10, _P.HIGH: 45, _P.CRITICAL: 45},
    severities=(_V.MAJOR, _V.CRITICAL),
    creators={Role.SYSTEM: 70, Role.SHIPPER: 30},
    service="fraud-engine",
    tags=("fraud", "risk", "compliance", "payout-hold"),
)

TEMPLATES: tuple[Template, ...] = (
    PAYMENT_NOT_RECEIVED,
    TRUCK_KYC_EXPIRED,
    POD_MISMATCH,
    OPERATOR_SUSPENDED,
    BOOKING_AUTO_FINALISE_FAILED,
    DRIVER_LICENCE_EXPIRING,
    SHIPMENT_DELAYED,
    FRAUD_ALERT,
)
