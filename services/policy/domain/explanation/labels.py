"""Holds the labels of the rule language's codes, in Indonesian and English."""

from collections.abc import Mapping

from shared.domain.work_location import Location

Bilingual = tuple[str, str]
"""The same phrase in Indonesian and in English, in this order."""

OUTCOME_LABELS: Mapping[Location, Bilingual] = {
    "WFH": ("bekerja dari rumah", "working from home"),
    "WFO": ("di kantor", "on site"),
    "MAX_SHARE": ("sebagian bekerja dari rumah", "some work from home"),
    "HOLIDAY": ("libur", "no duty"),
    "UNIT_HEAD": ("kepala unit memutuskan", "the head of the unit decides"),
    "APPLICATION": ("di tempat lain hanya bila permohonan disetujui", "elsewhere only on an approved application"),
    "WFA": ("di tempat lain, permohonan disetujui", "elsewhere, on an approved application"),
}
NOT_BINDING_LABELS: Mapping[str, Bilingual] = {
    "DRAFT": ("masih rancangan dan tidak mengikat", "is a draft and binds nobody"),
    "STUDY": ("masih kajian dan tidak mengikat", "is a study and binds nobody"),
    "ENACTED": ("sudah ditetapkan tetapi belum berlaku", "is enacted but not in force"),
    "SUSPENDED": ("sedang ditangguhkan", "is suspended"),
}
"""States in which an instrument binds nobody: the predicate of a sentence about it."""
WEEKDAY_LABELS: Mapping[str, Bilingual] = {
    "MON": ("Senin", "Monday"),
    "TUE": ("Selasa", "Tuesday"),
    "WED": ("Rabu", "Wednesday"),
    "THU": ("Kamis", "Thursday"),
    "FRI": ("Jumat", "Friday"),
    "SAT": ("Sabtu", "Saturday"),
    "SUN": ("Minggu", "Sunday"),
}
CLASS_LABELS: Mapping[str, Bilingual] = {
    "NON_SERVICE": ("kantor tanpa layanan langsung", "offices without direct service"),
    "MIXED": ("kantor dengan loket", "offices with counters"),
    "DIRECT": ("layanan langsung", "direct service"),
    "EMERGENCY_24X7": ("layanan 24 jam", "24-hour service"),
}
CODE_LABELS: Mapping[str, Bilingual] = {
    "*": ("lainnya", "all others"),
    "HOME": ("rumah", "home"),
    "OTHER_OFFICE": ("kantor lain", "another office"),
    "OTHER_PLACE": ("tempat lain yang ditugaskan", "another place as ordered"),
    "PUBLIC_PLACE": ("tempat umum", "a public place"),
    "FACILITIES": ("sarana", "facilities"),
    "SECURITY": ("keamanan", "security"),
    "HEALTH": ("kesehatan", "health"),
    "SAFETY": ("keselamatan", "safety"),
    "INSTITUTIONAL_IMAGE": ("citra instansi", "the institution's image"),
    "WHETHER": ("ya atau tidak", "whether"),
    "WHO": ("siapa", "who"),
    "SHARE": ("bagiannya", "the share"),
    "DAY": ("harinya", "the day"),
    "JOB_TYPES": ("jenis jabatannya", "the job types"),
    "BKD": ("BKD", "the personnel agency"),
    "SUPERIOR": ("atasan", "the superior"),
    "HEAD_OF_OPD": ("kepala OPD", "the head of the OPD"),
    "JPT_MADYA": ("JPT madya", "JPT madya (echelon I)"),
    "JPT_PRATAMA": ("JPT pratama", "JPT pratama (echelon II)"),
    "ADMINISTRATOR": ("administrator", "administrators (echelon III)"),
    "CAMAT": ("camat", "camat"),
    "LURAH": ("lurah", "lurah"),
    "RSUD": ("RSUD", "public hospitals"),
    "SAMSAT": ("Samsat", "Samsat (vehicle tax)"),
    "SATPOLPP": ("Satpol PP", "Satpol PP (public order)"),
    "DAMKAR": ("pemadam kebakaran", "the fire service"),
    "BPBD": ("BPBD", "BPBD (disaster relief)"),
    "DISHUB": ("Dishub", "Dishub (transport)"),
    "TERMINAL_PKB": ("terminal dan uji kendaraan", "terminals and vehicle tests"),
    "MPP": ("mal pelayanan publik", "public service malls"),
    "PBJ_LPSE": ("PBJ dan LPSE", "procurement (PBJ, LPSE)"),
    "SEKOLAH": ("sekolah", "schools"),
    "PAJAK": ("pajak", "tax offices"),
    "ALUN_ALUN": ("alun-alun", "public squares"),
    "PASAR": ("pasar", "markets"),
    "PERPUSTAKAAN": ("perpustakaan", "libraries"),
    "LABORATORIUM": ("laboratorium", "laboratories"),
    "KEBERSIHAN": ("kebersihan", "cleaning"),
    "KESEHATAN": ("layanan kesehatan", "health services"),
    "PENDIDIKAN": ("layanan pendidikan", "education services"),
    "TRANTIB": ("layanan ketenteraman", "services of public order"),
    "KEDARURATAN": ("layanan kedaruratan", "emergency services"),
    "PNS": ("PNS", "PNS"),
    "CPNS": ("CPNS", "CPNS"),
    "PPPK": ("PPPK", "PPPK"),
    "NOT_UNDER_DISCIPLINE": ("tidak sedang menjalani hukuman disiplin", "not under discipline"),
    "NOT_NEW_IN_POST": ("tidak baru dalam jabatan", "not new in post"),
    "GOOD_PERFORMANCE": ("berkinerja baik", "of good performance"),
    "PERFORMANCE_REPORT": ("laporan hasil kerja", "a report of the work done"),
    "FIELD_WORK": ("kerja lapangan", "field work"),
    "SPECIAL_CIRCUMSTANCES": ("keadaan khusus", "special circumstances"),
    "MONTHLY": ("tiap bulan", "every month"),
    "ELECTRICITY": ("listrik", "electricity"),
    "POWER": ("listrik", "power"),
    "WATER": ("air", "water"),
    "PHONE": ("telepon", "telephone"),
    "MEALS": ("makan dan minum rapat", "meals"),
    "STATIONERY": ("alat tulis", "stationery"),
    "FUEL": ("bahan bakar", "fuel"),
    "TRAVEL": ("perjalanan dinas", "travel"),
    "OVERTIME": ("lembur", "overtime"),
    "UPKEEP": ("pemeliharaan", "upkeep"),
    "NO_DISCRIMINATION": ("tanpa pembedaan antarpegawai", "no discrimination"),
    "DISCIPLINE_KEPT": ("disiplin terjaga", "discipline kept"),
    "JOB_TYPE_INVENTORY": ("daftar jenis jabatan", "an inventory of job types"),
    "WEEK_HOURS_37_5": ("37,5 jam seminggu", "37.5 hours a week"),
    "DAILY_OUTPUT": ("hasil harian", "the daily output"),
    "NINE_BOX": ("data kinerja ke nine-box", "performance data to the nine-box"),
}
PRESENCE_LABELS: Mapping[str, Bilingual] = {
    "checks": ("{} kali sehari", "{} checks a day"),
    "reply_within_s": ("menjawab dalam {} detik", "answer within {} s"),
    "max_calls": ("paling banyak {} panggilan", "at most {} calls"),
    "grace_minutes": ("toleransi terlambat {} menit", "{} minutes of grace"),
    "reprimand_after_calls": ("teguran setelah {} panggilan", "a reprimand after {} calls"),
    "offline_limit_hours": ("luring diterima sampai {} jam", "offline accepted up to {} hours"),
}
RESOLUTION_REASONS: Mapping[str, Bilingual] = {
    "HIGHER_NORM": ("norma yang lebih tinggi menang", "the higher norm wins"),
    "STRICTEST_CAP": ("batas yang paling ketat berlaku", "the strictest cap holds"),
    "OWN_GOVERNMENT": ("pola mengikuti pemerintah sendiri", "the pattern follows the own government"),
    "OWN_OPD": ("pola mengikuti OPD sendiri", "the pattern follows the own OPD"),
    "SAME_DATE": (
        "keduanya mulai pada hari yang sama; urutan nama menentukan",
        "both begin on one day; the order of names decides",
    ),
    "LATER_IN_FORCE": ("yang berlaku kemudian menang", "the later in force wins"),
}
EFFECT_LABELS: Mapping[str, Bilingual] = {
    "WEEKLY_MEAN_SHARE": (
        "rata-rata seminggu paling banyak {}; tidak dipaksakan pada satu hari",
        "at most {} on average over a week; never enforced on a day",
    ),
    "WEEK_HOURS": ("{} jam seminggu", "{} hours a week"),
    "WEEKLY_CAP_DAYS": ("paling banyak {} hari seminggu", "at most {} days a week"),
    "MAX_SHARE": ("paling banyak {} %", "at most {} %"),
}
EFFECT_FACTORS: Mapping[str, float] = {"MAX_SHARE": 100}
"""Factors by which the value of an effect is multiplied for display: a share is shown in percent."""
CONFLICT_LABELS: Mapping[str, Bilingual] = {
    "pattern": ("hari di rumah", "days at home"),
    "max_share": ("bagian di rumah", "share at home"),
    "weekly_cap_days": ("batas hari seminggu", "days a week"),
    "hours": ("jam kerja", "working hours"),
}
"""The rules that can conflict."""
