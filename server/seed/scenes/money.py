"""Payments that did not arrive, and alerts about fraud."""

from server.demo_users import demo_principal
from server.domain.fsm import TicketStatus
from server.domain.roles import Role
from server.domain.tickets import LinkedType, TicketPriority, TicketSeverity
from server.seed.scene import (
    Assign,
    Escalate,
    Move,
    Note,
    Reprioritise,
    Resolve,
    Say,
    Scene,
    View,
    Watch,
    demo_staff,
    operator,
    service,
    shipper,
    staff,
)
from server.seed.staff import franchise_id
from server.seed.templates import FRAUD_ALERT, PAYMENT_NOT_RECEIVED

_ASHA = staff("asha.menon").principal
_KARTHIK = staff("karthik.iyer").principal
_VIKRAM = staff("vikram.rao").principal
_MEERA = staff("meera.nair").principal
_FARAH = staff("farah.khan").principal
_MANOJ = staff("manoj.gupta").principal
_DEEPA = staff("deepa.pillai").principal
_ARJUN = staff("arjun.reddy").principal
_ANJALI = staff("anjali.verma").principal
_SHAKTI = demo_principal(Role.OPERATOR)
_SAHYADRI = demo_principal(Role.SHIPPER)
_BALAJI = operator("balaji.roadways")
_KHALSA = operator("khalsa.transport")
_MALWA = shipper("malwa.textiles")
_BENGAL = shipper("bengal.jute")

MONEY_SCENES: tuple[Scene, ...] = (
    Scene(
        PAYMENT_NOT_RECEIVED,
        "Payment not received for BKG-123 after delivery in Chennai",
        "Shakti Roadlines delivered 21 tonnes of steel coils from Pune to Chennai under BKG-123 two days ago. The app "
        "says that the balance freight of INR 48,500 was paid, but nothing has reached the current account at the "
        "Pune branch. The driver needs the diesel advance for the return load.",
        _SHAKTI,
        hours_ago=9,
        priority=TicketPriority.HIGH,
        linked=(LinkedType.BOOKING, "BKG-123"),
        franchise=franchise_id(1),
        severity=TicketSeverity.MAJOR,
        extra_tags=("settlement", "neft"),
        metadata={"amount_inr": 48500, "route": "Pune to Chennai"},
        steps=(
            Watch(_SHAKTI, 0.1, notify_sms=True),
            Assign(_VIKRAM, 0.5, staff("asha.menon"), "Asha handles all settlements of FR-001"),
            Say(_ASHA, 0.8, "We have the delivery confirmation of BKG-123. I am asking finance for the payout status."),
            Move(_ASHA, 0.9, TicketStatus.IN_PROGRESS),
            Say(_SHAKTI, 2, "Please hurry, the truck is standing at Sriperumbudur without diesel."),
            Note(_FARAH, 3.5, "The payout of INR 48,500 was returned by the bank: IFSC code of the old branch."),
            Say(_ASHA, 4, "The bank returned the transfer. Please confirm the IFSC code of your present branch."),
            Say(_SHAKTI, 5, "The branch has merged. New code is on the cancelled cheque that we uploaded today."),
            Watch(_SAHYADRI, 5.5),
        ),
    ),
    Scene(
        PAYMENT_NOT_RECEIVED,
        "Balance of INR 32,750 credited short for PAY-3001",
        "Balaji Roadways received INR 32,750 less than invoiced for the week's loads between Bengaluru and Hyderabad. "
        "TDS seems to have been deducted twice on the same invoice.",
        _BALAJI,
        hours_ago=30,
        priority=TicketPriority.MEDIUM,
        linked=(LinkedType.PAYMENT, "PAY-3001"),
        franchise=franchise_id(2),
        severity=TicketSeverity.MODERATE,
        extra_tags=("tds",),
        metadata={"amount_inr": 32750},
        steps=(
            Assign(_MEERA, 1, staff("farah.khan"), "Payment ticket, for finance to check and resolve"),
            Say(_FARAH, 2, "Thank you. We are comparing the TDS entries of both invoices."),
            Move(_FARAH, 2.1, TicketStatus.IN_PROGRESS),
            Note(_FARAH, 20, "Confirmed: section 194C was applied on invoice and on the payout. Reversal is approved."),
            Say(_FARAH, 26, "The second deduction is reversed; INR 32,750 left today under UTR N324261187."),
            Resolve(_FARAH, 26.5, "Double TDS deduction reversed; INR 32,750 paid under UTR N324261187."),
        ),
    ),
    Scene(
        PAYMENT_NOT_RECEIVED,
        "Payment issue on PAY-3002: refund to the shipper is missing",
        "Malwa Textiles cancelled a booking from Indore to Surat within the free period. The refund of INR 12,000 was "
        "promised within five days and has not arrived on the card.",
        _MALWA,
        hours_ago=12 * 24,
        priority=TicketPriority.MEDIUM,
        linked=(LinkedType.PAYMENT, "PAY-3002"),
        severity=TicketSeverity.MINOR,
        extra_tags=("finance",),
        metadata={"amount_inr": 12000},
        steps=(
            Assign(_VIKRAM, 2, staff("manoj.gupta"), "Refund of a card payment, finance to trace it"),
            Say(
                _MANOJ,
                3,
                "The refund was started on the day of the cancellation. We ask the card network for its state.",
            ),
            Move(_MANOJ, 3.1, TicketStatus.AWAITING_FINANCE, "Answer of the card network is due tomorrow"),
            Say(_MALWA, 28, "The refund is on the card now, thank you."),
            Resolve(_MANOJ, 30, "Refund of INR 12,000 settled by the card network and confirmed by the shipper."),
            Move(_VIKRAM, 78, TicketStatus.CLOSED),
        ),
    ),
    Scene(
        PAYMENT_NOT_RECEIVED,
        "UTR shared but INR 76,000 not credited, PAY-3003",
        "Khalsa Transport Company was given a UTR for four loads from Ludhiana to Kolkata. The bank says that this "
        "number does not exist. The amount of INR 76,000 is open since last week.",
        _KHALSA,
        hours_ago=20,
        priority=TicketPriority.HIGH,
        linked=(LinkedType.PAYMENT, "PAY-3003"),
        franchise=franchise_id(5),
        severity=TicketSeverity.MAJOR,
        extra_tags=("neft", "settlement"),
        metadata={"amount_inr": 76000, "route": "Ludhiana to Kolkata"},
        steps=(
            Assign(_MEERA, 0.6, staff("manoj.gupta"), "Finance has to find the transfer behind this UTR"),
            Say(_MANOJ, 1.2, "We are looking for the transfer. Please send the bank's statement of last week."),
            Say(_KHALSA, 3, "The statement is attached to our mail of today."),
            Move(_MANOJ, 5, TicketStatus.AWAITING_FINANCE, "Payout batch of the night has to be opened by the bank"),
            Note(
                _MANOJ,
                6,
                "One digit of the UTR was mistyped by the call centre. The real transfer went to an old account.",
            ),
            Watch(_MEERA, 7),
        ),
    ),
    Scene(
        PAYMENT_NOT_RECEIVED,
        "Detention charges of INR 6,000 missing in settlement of BKG-140",
        "The truck waited two days at the consignee's gate in Nagpur. Detention of INR 6,000 was approved in the app, "
        "but the settlement of BKG-140 holds the freight only.",
        _SHAKTI,
        hours_ago=40,
        priority=TicketPriority.MEDIUM,
        linked=(LinkedType.BOOKING, "BKG-140"),
        franchise=franchise_id(1),
        severity=TicketSeverity.MINOR,
        extra_tags=("settlement", "detention"),
        metadata={"amount_inr": 6000},
        steps=(
            Assign(_VIKRAM, 1, staff("karthik.iyer"), "Detention claims of the west are with Karthik"),
            Say(_KARTHIK, 2, "The approval is in the booking. The amount goes into tonight's settlement."),
            Move(_KARTHIK, 2.5, TicketStatus.IN_PROGRESS),
            Resolve(_KARTHIK, 14, "Detention of INR 6,000 added to the settlement of the night."),
            Move(_SHAKTI, 30, TicketStatus.REOPENED, "The settlement came without the detention charges again"),
            Say(_SHAKTI, 30.1, "Only the freight has come again. Please check before closing."),
            Note(_KARTHIK, 31, "The adjustment was booked on BKG-104. Asked finance to move it."),
            Assign(_VIKRAM, 32, demo_staff(Role.HQ_SUPPORT), "Settled wrongly twice, headquarters takes it over"),
        ),
    ),
    Scene(
        FRAUD_ALERT,
        "Account takeover suspected for USR-5005, payout on hold",
        "The risk engine flagged USR-5005: the bank account was changed ten minutes before a withdrawal of INR "
        "1,85,000, from a device in Kolkata that was never seen before. The registered mobile number is switched off. "
        "PAN and Aadhaar copies on the profile differ in the date of birth.",
        service("fraud-engine"),
        hours_ago=1,
        priority=TicketPriority.CRITICAL,
        linked=(LinkedType.USER, "USR-5005"),
        severity=TicketSeverity.CRITICAL,
        extra_tags=("risk", "payout-hold"),
        is_sensitive=True,
        metadata={"amount_inr": 185000, "risk_score": 97},
        steps=(
            Watch(_ANJALI, 0.05, notify_sms=True),
            Assign(_MEERA, 0.1, staff("deepa.pillai"), "Critical fraud alert, headquarters to take over at once"),
            View(_DEEPA, 0.15, "Comparing the identity documents on the profile with the alert"),
            Say(_DEEPA, 0.2, "The payout is on hold. We will call the registered number from the official line only."),
            Note(
                _ANJALI, 0.4, "Both identity copies look edited. Keep everything for the police report, delete nothing."
            ),
            Escalate(_DEEPA, 0.6, "Regional manager must approve freezing the operator's whole fleet"),
            Note(_DEEPA, 0.7, "Fleet of eleven trucks hangs on this account, four of them loaded."),
        ),
    ),
    Scene(
        FRAUD_ALERT,
        "Duplicate invoice of INR 94,000 submitted twice, PAY-3010",
        "The same invoice of INR 94,000 for jute bales from Kolkata to Patna was submitted by two operators within an "
        "hour. Both ask for immediate settlement. The weighbridge slip on both is identical.",
        _BENGAL,
        hours_ago=8,
        priority=TicketPriority.MEDIUM,
        linked=(LinkedType.PAYMENT, "PAY-3010"),
        franchise=franchise_id(3),
        severity=TicketSeverity.MAJOR,
        extra_tags=("compliance", "payout-hold"),
        metadata={"amount_inr": 94000},
        steps=(
            Reprioritise(_MEERA, 0.4, TicketPriority.HIGH, "Two payouts of the same invoice are due tonight"),
            Assign(_MEERA, 0.5, staff("farah.khan"), "Hold both payouts and compare the documents"),
            Say(_FARAH, 0.9, "Both payouts are held. Please tell us which operator's truck was at your gate."),
            Move(_FARAH, 1, TicketStatus.IN_PROGRESS),
            Say(_BENGAL, 2.5, "Our gate register has WB23K4471 only, that is Eastern Freight Lines."),
            Move(_FARAH, 3, TicketStatus.AWAITING_FINANCE, "Second signature for rejecting the other invoice"),
            Watch(_ARJUN, 3.5),
            Note(_FARAH, 4, "Second signature is with Manoj. The other operator has a similar case from March."),
            Assign(_MEERA, 6, demo_staff(Role.FINANCE), "Farah has signed herself, somebody else has to decide"),
        ),
    ),
)
