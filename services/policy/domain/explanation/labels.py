"""Holds the labels of the rule language's codes."""

from collections.abc import Mapping

from shared.domain.messages import Message
from shared.domain.work_location import Location

OUTCOME_LABELS: Mapping[Location, Message] = {
    "WFH": Message("bekerja dari rumah"),
    "WFO": Message("di kantor"),
    "MAX_SHARE": Message("sebagian bekerja dari rumah"),
    "HOLIDAY": Message("libur"),
    "UNIT_HEAD": Message("kepala unit memutuskan"),
    "APPLICATION": Message("di tempat lain hanya bila permohonan disetujui"),
    "WFA": Message("di tempat lain, permohonan disetujui"),
}
NOT_BINDING_LABELS: Mapping[str, Message] = {
    "DRAFT": Message("masih rancangan dan tidak mengikat"),
    "STUDY": Message("masih kajian dan tidak mengikat"),
    "ENACTED": Message("sudah ditetapkan tetapi belum berlaku"),
    "SUSPENDED": Message("sedang ditangguhkan"),
}
"""States in which an instrument binds nobody: the predicate of a sentence about it."""
WEEKDAY_LABELS: Mapping[str, Message] = {
    "MON": Message("Senin"),
    "TUE": Message("Selasa"),
    "WED": Message("Rabu"),
    "THU": Message("Kamis"),
    "FRI": Message("Jumat"),
    "SAT": Message("Sabtu"),
    "SUN": Message("Minggu"),
}
CLASS_LABELS: Mapping[str, Message] = {
    "NON_SERVICE": Message("kantor tanpa layanan langsung"),
    "MIXED": Message("kantor dengan loket"),
    "DIRECT": Message("layanan langsung"),
    "EMERGENCY_24X7": Message("layanan 24 jam"),
}
CODE_LABELS: Mapping[str, Message] = {
    "*": Message("lainnya"),
    "HOME": Message("rumah"),
    "OTHER_OFFICE": Message("kantor lain"),
    "OTHER_PLACE": Message("tempat lain yang ditugaskan"),
    "PUBLIC_PLACE": Message("tempat umum"),
    "FACILITIES": Message("sarana"),
    "SECURITY": Message("keamanan"),
    "HEALTH": Message("kesehatan"),
    "SAFETY": Message("keselamatan"),
    "INSTITUTIONAL_IMAGE": Message("citra instansi"),
    "WHETHER": Message("ya atau tidak"),
    "WHO": Message("siapa"),
    "SHARE": Message("bagiannya"),
    "DAY": Message("harinya"),
    "JOB_TYPES": Message("jenis jabatannya"),
    "BKD": Message("BKD"),
    "SUPERIOR": Message("atasan"),
    "HEAD_OF_OPD": Message("kepala OPD"),
    "JPT_MADYA": Message("JPT madya"),
    "JPT_PRATAMA": Message("JPT pratama"),
    "ADMINISTRATOR": Message("administrator"),
    "CAMAT": Message("camat"),
    "LURAH": Message("lurah"),
    "RSUD": Message("RSUD"),
    "SAMSAT": Message("Samsat"),
    "SATPOLPP": Message("Satpol PP"),
    "DAMKAR": Message("pemadam kebakaran"),
    "BPBD": Message("BPBD"),
    "DISHUB": Message("Dishub"),
    "TERMINAL_PKB": Message("terminal dan uji kendaraan"),
    "MPP": Message("mal pelayanan publik"),
    "PBJ_LPSE": Message("PBJ dan LPSE"),
    "SEKOLAH": Message("sekolah"),
    "PAJAK": Message("pajak"),
    "ALUN_ALUN": Message("alun-alun"),
    "PASAR": Message("pasar"),
    "PERPUSTAKAAN": Message("perpustakaan"),
    "LABORATORIUM": Message("laboratorium"),
    "KEBERSIHAN": Message("kebersihan"),
    "KESEHATAN": Message("layanan kesehatan"),
    "PENDIDIKAN": Message("layanan pendidikan"),
    "TRANTIB": Message("layanan ketenteraman"),
    "KEDARURATAN": Message("layanan kedaruratan"),
    "PNS": Message("PNS"),
    "CPNS": Message("CPNS"),
    "PPPK": Message("PPPK"),
    "NOT_UNDER_DISCIPLINE": Message("tidak sedang menjalani hukuman disiplin"),
    "NOT_NEW_IN_POST": Message("tidak baru dalam jabatan"),
    "GOOD_PERFORMANCE": Message("berkinerja baik"),
    "PERFORMANCE_REPORT": Message("laporan hasil kerja"),
    "FIELD_WORK": Message("kerja lapangan"),
    "SPECIAL_CIRCUMSTANCES": Message("keadaan khusus"),
    "MONTHLY": Message("tiap bulan"),
    "ELECTRICITY": Message("listrik"),
    "POWER": Message("listrik", context="POWER"),  # equal to ELECTRICITY in Indonesian only (docs/decisions/0016)
    "WATER": Message("air"),
    "PHONE": Message("telepon"),
    "MEALS": Message("makan dan minum rapat"),
    "STATIONERY": Message("alat tulis"),
    "FUEL": Message("bahan bakar"),
    "TRAVEL": Message("perjalanan dinas"),
    "OVERTIME": Message("lembur"),
    "UPKEEP": Message("pemeliharaan"),
    "NO_DISCRIMINATION": Message("tanpa pembedaan antarpegawai"),
    "DISCIPLINE_KEPT": Message("disiplin terjaga"),
    "JOB_TYPE_INVENTORY": Message("daftar jenis jabatan"),
    "WEEK_HOURS_37_5": Message("37,5 jam seminggu"),
    "DAILY_OUTPUT": Message("hasil harian"),
    "NINE_BOX": Message("data kinerja ke nine-box"),
}
PRESENCE_LABELS: Mapping[str, Message] = {
    "checks": Message("{value} kali sehari"),
    "reply_within_s": Message("menjawab dalam {value} detik"),
    "max_calls": Message("paling banyak {value} panggilan"),
    "grace_minutes": Message("toleransi terlambat {value} menit"),
    "reprimand_after_calls": Message("teguran setelah {value} panggilan"),
    "offline_limit_hours": Message("luring diterima sampai {value} jam"),
}
RESOLUTION_REASONS: Mapping[str, Message] = {
    "HIGHER_NORM": Message("norma yang lebih tinggi menang"),
    "STRICTEST_CAP": Message("batas yang paling ketat berlaku"),
    "OWN_GOVERNMENT": Message("pola mengikuti pemerintah sendiri"),
    "OWN_OPD": Message("pola mengikuti OPD sendiri"),
    "SAME_DATE": Message("keduanya mulai pada hari yang sama; urutan nama menentukan"),
    "LATER_IN_FORCE": Message("yang berlaku kemudian menang"),
}
EFFECT_LABELS: Mapping[str, Message] = {
    "WEEKLY_MEAN_SHARE": Message("rata-rata seminggu paling banyak {value}; tidak dipaksakan pada satu hari"),
    "WEEK_HOURS": Message("{value} jam seminggu"),
    "WEEKLY_CAP_DAYS": Message("paling banyak {value} hari seminggu"),
    "MAX_SHARE": Message("paling banyak {value} %"),
}
EFFECT_FACTORS: Mapping[str, float] = {"MAX_SHARE": 100}
"""Factors by which the value of an effect is multiplied for display: a share is shown in percent."""
CONFLICT_LABELS: Mapping[str, Message] = {
    "pattern": Message("hari di rumah"),
    "max_share": Message("bagian di rumah"),
    "weekly_cap_days": Message("batas hari seminggu"),
    "hours": Message("jam kerja"),
}
"""The rules that can conflict."""
