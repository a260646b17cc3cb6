"""Suspended operators, bookings that did not become final, and shipments that are late."""

from server.demo_users import demo_principal
from server.domain.fsm import TicketStatus
from server.domain.roles import Role
from server.domain.tickets import LinkedType, TicketPriority, TicketSeverity
from server.seed.scene import (
    Assign,
    Escalate,
    Move,
    Note,
    Resolve,
    Say,
    Scene,
    Watch,
    demo_staff,
    operator,
    service,
    shipper,
    staff,
)
from server.seed.staff import franchise_id
from server.seed.templates import BOOKING_AUTO_FINALISE_FAILED, OPERATOR_SUSPENDED, SHIPMENT_DELAYED

_ASHA = staff("asha.menon").principal
_KARTHIK = staff("karthik.iyer").principal
_NEHA = staff("neha.joshi").principal
_VIKRAM = staff("vikram.rao").principal
_MEERA = staff("meera.nair").principal
_PRIYA = staff("priya.deshmukh").principal
_ARJUN = staff("arjun.reddy").principal
_DEEPA = staff("deepa.pillai").principal
_ROHAN = staff("rohan.banerjee").principal
_RAVI = staff("ravi.kulkarni").principal
_LAKSHMI = staff("lakshmi.naidu").principal
_BOOKING = service("booking-service")
_TRACKING = service("tracking-service")
_EASTERN = operator("eastern.freight")
_SARASWATI = operator("saraswati.carriers")
_HIGHWAY = operator("highway.kings")
_SAHYADRI = demo_principal(Role.SHIPPER)
_GODAVARI = shipper("godavari.pharma")
_KAVERI = shipper("kaveri.electronics")
_PUNJAB = shipper("punjab.farm")
_NILGIRI = shipper("nilgiri.tea")
_VINDHYA = shipper("vindhya.cement")

ROAD_SCENES: tuple[Scene, ...] = (
    Scene(
        OPERATOR_SUSPENDED,
        "Operator OPR-77 suspended, four loaded trucks on the road",
        "Eastern Freight Lines (OPR-77) was suspended by the rating rule this morning. Four trucks with pharma "
        "cartons are between Kolkata and Guwahati, and the drivers cannot see their consignees' numbers any more.",
        _EASTERN,
        hours_ago=6,
        priority=TicketPriority.HIGH,
        linked=(LinkedType.OPERATOR, "OPR-77"),
        franchise=franchise_id(3),
        severity=TicketSeverity.MAJOR,
        extra_tags=("suspension", "appeal"),
        metadata={"trucks_on_the_road": 4},
        steps=(
            Assign(_MEERA, 0.4, staff("vikram.rao"), "Loaded trucks, has to be handled by a manager"),
            Say(_VIKRAM, 0.7, "Loaded trucks may finish their trips. We send the consignees' numbers by SMS now."),
            Note(_VIKRAM, 1.5, "Two of the three ratings are from the same shipper, about the same trip."),
            Escalate(_VIKRAM, 2, "Lifting a suspension is the regional manager's decision"),
            Say(_EASTERN, 3, "Thank you, the drivers have the numbers. When will the account be open again?"),
        ),
    ),
    Scene(
        OPERATOR_SUSPENDED,
        "Appeal against suspension of OPR-81 after cancelled bookings",
        "Saraswati Carriers (OPR-81) appeals: all three cancellations were made by the shipper in Vijayawada, who had "
        "no loading bay. The franchise was told each time.",
        _SARASWATI,
        hours_ago=12,
        priority=TicketPriority.MEDIUM,
        linked=(LinkedType.OPERATOR, "OPR-81"),
        franchise=franchise_id(4),
        severity=TicketSeverity.MODERATE,
        extra_tags=("suspension", "appeal"),
        steps=(
            Assign(_MEERA, 1, staff("karthik.iyer"), "Karthik knows the earlier appeal of this operator"),
            Say(_KARTHIK, 2, "We ask the franchise for its notes of the three days."),
            Move(_KARTHIK, 2.1, TicketStatus.AWAITING_FRANCHISE, "Notes of FR-004 about the cancelled loadings"),
            Note(_LAKSHMI, 6, "Two of the three calls are in our book. Looking for the third."),
            Assign(_MEERA, 9, demo_staff(Role.OPS_AGENT), "Karthik is on leave, the appeal must not wait for him"),
        ),
    ),
    Scene(
        OPERATOR_SUSPENDED,
        "Franchise FR-001: suspended operators block the Pune lane",
        "Three of the five operators on the lane from Pune to Bengaluru are suspended at the same time. Shippers of "
        "FR-001 get no bids since yesterday noon, nineteen bookings are open.",
        _RAVI,
        hours_ago=5,
        priority=TicketPriority.HIGH,
        linked=(LinkedType.FRANCHISE, "FR-001"),
        franchise=franchise_id(1),
        severity=TicketSeverity.MAJOR,
        extra_tags=("suspension", "bidding"),
        metadata={"open_bookings": 19},
        steps=(
            Watch(_RAVI, 0.1),
            Assign(_VIKRAM, 0.5, staff("priya.deshmukh"), "Concerns the whole lane, so the regional manager"),
            Say(_PRIYA, 0.9, "I have asked two operators from Hubballi to bid on this lane today."),
            Move(_PRIYA, 1, TicketStatus.IN_PROGRESS),
            Note(_PRIYA, 3, "One suspension is lifted already, the second is under review at headquarters."),
            Assign(_PRIYA, 4, demo_staff(Role.REGIONAL_MANAGER), "Handed over at the end of the shift in Pune"),
        ),
    ),
    Scene(
        OPERATOR_SUSPENDED,
        "Deposit of OPR-95 held back after suspension",
        "Highway Kings Logistics (OPR-95) left the marketplace after its suspension. The deposit of INR 50,000 should "
        "have been released within seven days.",
        _HIGHWAY,
        hours_ago=15 * 24,
        priority=TicketPriority.MEDIUM,
        linked=(LinkedType.OPERATOR, "OPR-95"),
        severity=TicketSeverity.MODERATE,
        extra_tags=("suspension",),
        metadata={"amount_inr": 50000},
        steps=(
            Assign(_VIKRAM, 2, staff("neha.joshi"), "Deposit releases are with Neha this month"),
            Say(_NEHA, 3, "One settlement is open. The deposit follows as soon as it is booked."),
            Move(_NEHA, 3.2, TicketStatus.IN_PROGRESS),
            Resolve(_NEHA, 40, "Suspension upheld, last settlement booked, deposit of INR 50,000 released."),
            Say(_HIGHWAY, 44, "Received, thank you."),
            Move(_VIKRAM, 90, TicketStatus.CLOSED),
        ),
    ),
    Scene(
        BOOKING_AUTO_FINALISE_FAILED,
        "Booking BKG-123 was not finalised automatically",
        "Auto-finalise of BKG-123 (Pune to Chennai, steel coils) failed at closing time, although the bid of Shakti "
        "Roadlines over INR 97,000 was the lowest and had been accepted.",
        _SAHYADRI,
        hours_ago=6 * 24,
        priority=TicketPriority.HIGH,
        linked=(LinkedType.BOOKING, "BKG-123"),
        franchise=franchise_id(1),
        severity=TicketSeverity.MODERATE,
        extra_tags=("auto-finalise", "bidding"),
        metadata={"amount_inr": 97000, "route": "Pune to Chennai"},
        steps=(
            Assign(_VIKRAM, 0.3, staff("asha.menon"), "Loading is tomorrow morning, finalise by hand"),
            Say(_ASHA, 0.5, "We have finalised the booking by hand. Loading stays at 6 am."),
            Note(_ASHA, 0.8, "Scheduler ran twice within the same minute. Told the platform team."),
            Resolve(_ASHA, 1, "Booking finalised by hand with the lowest bid; shipper and operator informed."),
            Move(_VIKRAM, 50, TicketStatus.CLOSED),
        ),
    ),
    Scene(
        BOOKING_AUTO_FINALISE_FAILED,
        "Auto-finalise failed for BKG-204: no bid confirmed",
        "Auto-finalise of BKG-204 (Nashik to Kolkata, onions) found three bids, none of which could be confirmed: the "
        "wallet hold timed out for each of the operators.",
        _BOOKING,
        hours_ago=1,
        priority=TicketPriority.MEDIUM,
        linked=(LinkedType.BOOKING, "BKG-204"),
        franchise=franchise_id(1),
        severity=TicketSeverity.MODERATE,
        extra_tags=("auto-finalise", "scheduler"),
        metadata={"route": "Nashik to Kolkata"},
    ),
    Scene(
        BOOKING_AUTO_FINALISE_FAILED,
        "BKG-205 stuck in bidding, vaccine load has no truck",
        "BKG-205 carries temperature-controlled vaccines from Hyderabad to Bhubaneswar. The booking hangs in bidding "
        "since auto-finalise gave up, and the cold store closes in the evening.",
        _GODAVARI,
        hours_ago=6,
        priority=TicketPriority.CRITICAL,
        linked=(LinkedType.BOOKING, "BKG-205"),
        franchise=franchise_id(4),
        severity=TicketSeverity.CRITICAL,
        extra_tags=("auto-finalise", "cold-chain"),
        metadata={"route": "Hyderabad to Bhubaneswar"},
        steps=(
            Assign(_MEERA, 0.2, staff("rohan.banerjee"), "Vaccines, headquarters has to find a reefer truck"),
            Say(_ROHAN, 0.4, "We are calling every operator with a reefer truck within 200 km."),
            Move(_ROHAN, 0.5, TicketStatus.IN_PROGRESS),
            Note(_ROHAN, 2, "Two reefers are free from 9 pm, both without the temperature logger."),
            Say(_GODAVARI, 5, "The cold store stays open until midnight for us. Please do not let this fail."),
            Watch(staff("sanjay.malhotra").principal, 5.1, notify_sms=True),
        ),
    ),
    Scene(
        BOOKING_AUTO_FINALISE_FAILED,
        "BKG-206 finalised with a truck that is too small",
        "The winning truck of BKG-206 (Coimbatore to Mumbai, kraft paper) carries 9 tonnes, but 10 tonnes are booked. "
        "The rule for the capacity seems to have been skipped.",
        _NILGIRI,
        hours_ago=7,
        priority=TicketPriority.MEDIUM,
        linked=(LinkedType.BOOKING, "BKG-206"),
        severity=TicketSeverity.MINOR,
        extra_tags=("bidding",),
        metadata={"route": "Coimbatore to Mumbai"},
        steps=(
            Assign(_VIKRAM, 1, staff("asha.menon"), "Another truck of the same operator may do"),
            Say(_ASHA, 2, "The operator offers a 12-tonne truck for the same freight. Is that all right with you?"),
            Say(_NILGIRI, 4, "Yes, if it is at our gate by tomorrow noon."),
            Assign(_VIKRAM, 6, demo_staff(Role.OPS_AGENT), "Asha is away from tomorrow, the truck has to be followed"),
        ),
    ),
    Scene(
        SHIPMENT_DELAYED,
        "Shipment SHP-601 delayed near Nagpur, consignee waiting",
        "SHP-601 with refrigerators from Noida to Chennai stands near Nagpur since yesterday with a broken axle. The "
        "consignee's sale begins tomorrow.",
        _KAVERI,
        hours_ago=25,
        priority=TicketPriority.HIGH,
        linked=(LinkedType.SHIPMENT, "SHP-601"),
        franchise=franchise_id(1),
        severity=TicketSeverity.MAJOR,
        extra_tags=("delay", "breakdown"),
        metadata={"route": "Noida to Chennai"},
        steps=(
            Assign(_MEERA, 0.8, staff("vikram.rao"), "Needs a replacement truck in Nagpur"),
            Say(_VIKRAM, 1.5, "The axle is being repaired. We look for a replacement truck at the same time."),
            Move(_VIKRAM, 1.6, TicketStatus.IN_PROGRESS),
            Say(_KAVERI, 10, "Any news? Our customer asks every hour."),
            Note(_VIKRAM, 12, "Replacement wants INR 38,000 for the rest of the way. Asking for approval."),
            Assign(_MEERA, 24.2, staff("priya.deshmukh"), "Approval of the replacement truck is with the region"),
            Move(_PRIYA, 24.4, TicketStatus.IN_PROGRESS),
            Say(_PRIYA, 24.5, "The replacement is approved and is loading now. Arrival tomorrow at 10 am."),
        ),
    ),
    Scene(
        SHIPMENT_DELAYED,
        "No GPS signal from SHP-610 with insulin on board",
        "SHP-610 with insulin from Ahmedabad to Jaipur has sent no position since Udaipur. The temperature logger went "
        "silent at the same time, and the driver's phone is switched off.",
        _TRACKING,
        hours_ago=3.35,
        priority=TicketPriority.CRITICAL,
        linked=(LinkedType.SHIPMENT, "SHP-610"),
        franchise=franchise_id(3),
        severity=TicketSeverity.CRITICAL,
        extra_tags=("gps", "cold-chain"),
        metadata={"route": "Ahmedabad to Jaipur"},
        steps=(
            Assign(_MEERA, 0.1, staff("deepa.pillai"), "Critical load without a signal, headquarters at once"),
            Say(_DEEPA, 0.3, "We have alerted the highway patrol near Udaipur and call the helper's number."),
            Move(_DEEPA, 0.4, TicketStatus.IN_PROGRESS),
            Note(_DEEPA, 1.5, "Helper says that the truck is at a dhaba 40 km before Ajmer, device has no power."),
            Watch(_GODAVARI, 1.6),
            Say(_DEEPA, 2.5, "The truck is found and the cooling works. The driver restarts the device now."),
        ),
    ),
    Scene(
        SHIPMENT_DELAYED,
        "Late delivery of basmati rice to Mumbai, SHP-615",
        "SHP-615 from Ludhiana should have reached our warehouse in Mumbai this morning. The tracking shows a queue "
        "at the check post near Vapi.",
        _PUNJAB,
        hours_ago=2 * 24,
        priority=TicketPriority.MEDIUM,
        linked=(LinkedType.SHIPMENT, "SHP-615"),
        franchise=franchise_id(5),
        severity=TicketSeverity.MODERATE,
        extra_tags=("delay", "tracking"),
        metadata={"route": "Ludhiana to Mumbai"},
        steps=(
            Assign(_MEERA, 1, staff("neha.joshi"), "Neha follows the lane to Mumbai today"),
            Say(_NEHA, 2, "The truck has passed the check post and should arrive by evening."),
            Move(_NEHA, 2.1, TicketStatus.IN_PROGRESS),
            Say(_PUNJAB, 11, "Unloaded, everything dry and complete."),
            Resolve(_NEHA, 12, "Delivered with a delay of ten hours; consignee confirmed receipt in good condition."),
        ),
    ),
    Scene(
        SHIPMENT_DELAYED,
        "E-way bill of SHP-618 expires on the way to Raipur",
        "The e-way bill of SHP-618 (cement bags from Satna to Raipur) expires tonight, because the truck lost a day "
        "to a tyre burst. It can be extended only with the shipper's login.",
        _VINDHYA,
        hours_ago=10,
        priority=TicketPriority.HIGH,
        linked=(LinkedType.SHIPMENT, "SHP-618"),
        severity=TicketSeverity.MODERATE,
        extra_tags=("delay", "e-way-bill"),
        metadata={"route": "Satna to Raipur"},
        steps=(
            Assign(_VIKRAM, 0.5, staff("meera.nair"), "Deadline of the tax portal is tonight"),
            Say(_MEERA, 1, "Please extend the bill with reason code 4, transit delay. We send the place of the truck."),
            Move(_MEERA, 1.2, TicketStatus.AWAITING_SHIPPER, "Only the shipper can extend the e-way bill"),
            Say(_VINDHYA, 6, "Our accountant does it after the lunch break."),
            Watch(_ARJUN, 7),
            Assign(_VIKRAM, 8, demo_staff(Role.OPS_MANAGER), "Meera's shift is over, the bill runs out tonight"),
        ),
    ),
)
