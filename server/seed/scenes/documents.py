"""KYC of trucks, licences of drivers, and proofs of delivery."""

from server.demo_users import demo_principal
from server.domain.fsm import TicketStatus
from server.domain.roles import Role
from server.domain.tickets import LinkedType, TicketPriority, TicketSeverity
from server.seed.scene import (
    Archive,
    Assign,
    Move,
    Note,
    Resolve,
    Say,
    Scene,
    View,
    Watch,
    demo_staff,
    operator,
    shipper,
    staff,
)
from server.seed.staff import franchise_id
from server.seed.templates import DRIVER_LICENCE_EXPIRING, POD_MISMATCH, TRUCK_KYC_EXPIRED

_ASHA = staff("asha.menon").principal
_KARTHIK = staff("karthik.iyer").principal
_NEHA = staff("neha.joshi").principal
_RAVI = staff("ravi.kulkarni").principal
_SUNITA = staff("sunita.rao").principal
_LAKSHMI = staff("lakshmi.naidu").principal
_HARPREET = staff("harpreet.gill").principal
_VIKRAM = staff("vikram.rao").principal
_MEERA = staff("meera.nair").principal
_ANJALI = staff("anjali.verma").principal
_KYC = demo_principal(Role.SYSTEM)
_JAI_BHAVANI = operator("jai.bhavani")
_SOUTHERN = operator("southern.star")
_RAJDHANI = operator("rajdhani.goods")
_SAHYADRI = demo_principal(Role.SHIPPER)
_DECCAN = shipper("deccan.ceramics")
_GANGA = shipper("ganga.agro")
_ARAVALLI = shipper("aravalli.marbles")
_RAJU = demo_principal(Role.DRIVER)

DOCUMENT_SCENES: tuple[Scene, ...] = (
    Scene(
        TRUCK_KYC_EXPIRED,
        "Truck KYC expired: TRK-204, MH12KT4521",
        "The fitness certificate of MH12KT4521 (TRK-204) of Jai Bhavani Transport expired at midnight. The truck was "
        "taken off the marketplace automatically; it has no active booking.",
        _KYC,
        hours_ago=3,
        priority=TicketPriority.LOW,
        linked=(LinkedType.TRUCK, "TRK-204"),
        franchise=franchise_id(1),
        severity=TicketSeverity.MINOR,
        extra_tags=("truck", "fitness"),
        metadata={"registration": "MH12KT4521"},
    ),
    Scene(
        TRUCK_KYC_EXPIRED,
        "Owner's identity documents rejected, DOC-880",
        "The PAN copy in DOC-880 (number ABCPK1234Q) shows another father's name than the Aadhaar copy. The owner of "
        "TN28AB9012 says that the PAN card was corrected last year and asks for a check by hand.",
        _SOUTHERN,
        hours_ago=20,
        priority=TicketPriority.MEDIUM,
        linked=(LinkedType.DOCUMENT, "DOC-880"),
        franchise=franchise_id(2),
        severity=TicketSeverity.MODERATE,
        extra_tags=("documents",),
        is_sensitive=True,
        metadata={"registration": "TN28AB9012"},
        steps=(
            Assign(_MEERA, 1, staff("neha.joshi"), "Identity check by hand, Neha is trained for it"),
            View(_NEHA, 2, "Checking the PAN copy against the income tax portal"),
            Say(_NEHA, 3, "Thank you. Please also upload the correction letter of the income tax department."),
            Move(_NEHA, 3.1, TicketStatus.AWAITING_OPERATOR, "Correction letter is missing"),
            Say(_SOUTHERN, 9, "The letter is uploaded."),
            Move(_NEHA, 10, TicketStatus.IN_PROGRESS),
            View(_ANJALI, 12, "Second pair of eyes on a disputed identity document"),
            Note(_ANJALI, 12.5, "The letter is genuine. Accept the PAN copy and keep the letter with the profile."),
            Watch(_ANJALI, 12.6),
            Assign(_MEERA, 14, staff("anjali.verma"), "Disputed identity document, compliance has the last word"),
            Assign(_MEERA, 18, demo_staff(Role.COMPLIANCE_OFFICER), "Anjali hears the operator of DOC-915 today"),
        ),
    ),
    Scene(
        TRUCK_KYC_EXPIRED,
        "Insurance of GJ05RT7788 renewed, TRK-311 still blocked",
        "The insurance of GJ05RT7788 (TRK-311) was renewed through an agent in Surat. The number on the policy has one "
        "digit more than the form accepts, so that the truck stays blocked.",
        _JAI_BHAVANI,
        hours_ago=20 * 24,
        priority=TicketPriority.LOW,
        linked=(LinkedType.TRUCK, "TRK-311"),
        franchise=franchise_id(1),
        severity=TicketSeverity.MINOR,
        extra_tags=("truck", "insurance"),
        metadata={"registration": "GJ05RT7788"},
        steps=(
            Assign(_VIKRAM, 4, staff("ravi.kulkarni"), "Truck belongs to an operator of FR-001"),
            Say(_RAVI, 5, "I have the policy in hand and will ask the insurer about the number."),
            Move(_RAVI, 5.2, TicketStatus.IN_PROGRESS),
            Say(_RAVI, 29, "The insurer confirmed the policy. The truck is active again."),
            Resolve(_RAVI, 29.5, "Insurance confirmed with the insurer and KYC extended to the policy's end."),
            Move(_VIKRAM, 100, TicketStatus.CLOSED),
        ),
    ),
    Scene(
        TRUCK_KYC_EXPIRED,
        "National permit of DL01LX3309 expired, TRK-415 loaded",
        "The national permit of DL01LX3309 (TRK-415) expired while the truck is loaded with ceramic tiles for Jaipur. "
        "Rajdhani Goods Transport says that the renewal fee was paid last week.",
        _RAJDHANI,
        hours_ago=26,
        priority=TicketPriority.MEDIUM,
        linked=(LinkedType.TRUCK, "TRK-415"),
        franchise=franchise_id(3),
        severity=TicketSeverity.MODERATE,
        extra_tags=("truck", "permit"),
        metadata={"registration": "DL01LX3309"},
        steps=(
            Assign(_MEERA, 2, staff("karthik.iyer"), "Loaded truck, needs somebody today"),
            Say(_KARTHIK, 3, "Please upload the receipt of the fee. With it the truck may finish this trip."),
            Move(_KARTHIK, 3.1, TicketStatus.AWAITING_OPERATOR, "Receipt of the renewal fee is missing"),
            Note(_KARTHIK, 8, "VAHAN shows the renewal as paid but not issued."),
        ),
    ),
    Scene(
        DRIVER_LICENCE_EXPIRING,
        "Driver licence expiring for USR-4411",
        "The driving licence AP3120140012345 of the driver USR-4411 ends in six days. The renewal was applied for at "
        "the RTO in Visakhapatnam; the medical certificate on the profile is older than a year.",
        _KYC,
        hours_ago=30,
        priority=TicketPriority.LOW,
        linked=(LinkedType.USER, "USR-4411"),
        franchise=franchise_id(4),
        severity=TicketSeverity.MINOR,
        extra_tags=("driver", "licence"),
        is_sensitive=True,
        steps=(
            Assign(_MEERA, 5, staff("lakshmi.naidu"), "Driver is based in the area of FR-004"),
            View(_LAKSHMI, 6, "Reading licence number and date to call the RTO"),
            Say(_LAKSHMI, 7, "Please bring a new medical certificate to our office before Friday."),
        ),
    ),
    Scene(
        DRIVER_LICENCE_EXPIRING,
        "Licence of Raju Yadav (USR-4420) renewed, please check",
        "I have the new licence card from the RTO in Kanpur and uploaded both sides. Please clear the reminder, as the "
        "app does not offer me loads any more.",
        _RAJU,
        hours_ago=4 * 24,
        priority=TicketPriority.LOW,
        linked=(LinkedType.USER, "USR-4420"),
        franchise=franchise_id(3),
        severity=TicketSeverity.MINOR,
        extra_tags=("driver", "licence", "reminder"),
        steps=(
            Assign(_VIKRAM, 3, staff("asha.menon"), "Asha clears the licence reminders this week"),
            Say(_ASHA, 4, "Thank you, both sides are readable. We compare with SARATHI."),
            Resolve(_ASHA, 6, "New licence verified against SARATHI and stored."),
            Say(_RAJU, 7, "Dhanyavaad, the loads are back."),
        ),
    ),
    Scene(
        DRIVER_LICENCE_EXPIRING,
        "Hazardous goods endorsement in DOC-915 about to lapse",
        "The hazardous goods endorsement in DOC-915 lapses on Sunday. A tanker trip from Kochi to Mangaluru is booked "
        "for Monday with the same driver.",
        _SOUTHERN,
        hours_ago=60,
        priority=TicketPriority.LOW,
        linked=(LinkedType.DOCUMENT, "DOC-915"),
        franchise=franchise_id(2),
        severity=TicketSeverity.MODERATE,
        extra_tags=("licence", "documents"),
        steps=(
            Assign(_VIKRAM, 3, staff("sunita.rao"), "Operator belongs to FR-002"),
            Say(
                _SUNITA, 4, "Please name a second driver for Monday, or upload the certificate of the refresher course."
            ),
            Move(_SUNITA, 5, TicketStatus.AWAITING_OPERATOR, "Second driver or course certificate"),
            Say(_SOUTHERN, 30, "The course is on Saturday. We will upload the same evening."),
            Assign(_VIKRAM, 31, staff("anjali.verma"), "Whether the tanker may go on Monday is for compliance to say"),
        ),
    ),
    Scene(
        POD_MISMATCH,
        "POD mismatch on SHP-552: eight packages short",
        "The lorry receipt of SHP-552 from Morbi to Hyderabad says 420 boxes of ceramic tiles, the consignee signed "
        "for 412. The driver says that the seal was intact on arrival.",
        _DECCAN,
        hours_ago=20,
        priority=TicketPriority.MEDIUM,
        linked=(LinkedType.SHIPMENT, "SHP-552"),
        franchise=franchise_id(2),
        severity=TicketSeverity.MODERATE,
        extra_tags=("delivery", "shortage"),
        metadata={"packages_sent": 420, "packages_received": 412},
        steps=(
            Assign(_MEERA, 1, staff("neha.joshi"), "Shortages of the south are with Neha"),
            Say(_NEHA, 2, "We have asked the operator for the loading photographs and the seal number."),
            Move(_NEHA, 2.2, TicketStatus.IN_PROGRESS),
            Note(_NEHA, 7, "Loading photographs show 52 layers of 8, that is 416 and not 420."),
            Say(_NEHA, 8, "Please send us your loading sheet: the photographs do not show 420 boxes."),
            Move(_NEHA, 8.1, TicketStatus.AWAITING_SHIPPER, "Loading sheet of the shipper"),
        ),
    ),
    Scene(
        POD_MISMATCH,
        "Proof of delivery unreadable for SHP-560",
        "The photograph of the proof of delivery of SHP-560 is blurred. Neither the date nor the consignee's stamp "
        "can be read, and our accounts cannot book the freight.",
        _GANGA,
        hours_ago=3 * 24,
        priority=TicketPriority.MEDIUM,
        linked=(LinkedType.SHIPMENT, "SHP-560"),
        franchise=franchise_id(5),
        severity=TicketSeverity.MINOR,
        extra_tags=("delivery",),
        steps=(
            Assign(_VIKRAM, 2, staff("harpreet.gill"), "Consignee is ten minutes from the office of FR-005"),
            Say(_HARPREET, 3, "I will collect the signed original from the consignee tomorrow morning."),
            Move(_HARPREET, 4, TicketStatus.IN_PROGRESS),
            Say(_HARPREET, 22, "The original is collected and uploaded as a scan."),
            Resolve(_HARPREET, 22.5, "Signed original received and uploaded; quantity agreed by both sides."),
            Say(_GANGA, 24, "Received, thank you. We book it today."),
        ),
    ),
    Scene(
        POD_MISMATCH,
        "Consignee's stamp missing on the POD of BKG-123",
        "Our accounts department refuses the proof of delivery of BKG-123, because the stamp of the consignee in "
        "Chennai is missing. The signature alone is not enough for us.",
        _SAHYADRI,
        hours_ago=10,
        priority=TicketPriority.LOW,
        linked=(LinkedType.BOOKING, "BKG-123"),
        franchise=franchise_id(1),
        severity=TicketSeverity.MINOR,
        extra_tags=("delivery",),
        metadata={"route": "Pune to Chennai"},
        steps=(
            Assign(_VIKRAM, 1.5, staff("ravi.kulkarni"), "Shipper and booking belong to FR-001"),
            Say(_RAVI, 2, "We have asked the consignee for a stamped copy."),
            Watch(_SAHYADRI, 2.1),
            Assign(_VIKRAM, 7, demo_staff(Role.FRANCHISE_AGENT), "Ravi is at the Chakan gate for the rest of the week"),
        ),
    ),
    Scene(
        POD_MISMATCH,
        "POD of another consignment uploaded, DOC-901",
        "The proof of delivery in DOC-901 belongs to another consignment of marble slabs from Kishangarh. Ours went "
        "to Delhi, not to Gurugram.",
        _ARAVALLI,
        hours_ago=45 * 24,
        priority=TicketPriority.LOW,
        linked=(LinkedType.DOCUMENT, "DOC-901"),
        franchise=franchise_id(3),
        severity=TicketSeverity.MINOR,
        extra_tags=("documents",),
        steps=(
            Assign(_MEERA, 4, staff("imran.ansari"), "Both consignees are in the area of FR-003"),
            Say(staff("imran.ansari").principal, 5, "The two documents were swapped. I upload the right one today."),
            Resolve(staff("imran.ansari").principal, 9, "Documents of both consignments exchanged and uploaded anew."),
            Move(_MEERA, 60, TicketStatus.CLOSED),
            Archive(_MEERA, 30 * 24, "Settled long ago, both shippers confirmed by phone"),
        ),
    ),
)
