"""Lists the types of problem details: stable slug, HTTP status, and the texts that users read."""

from collections.abc import Mapping
from typing import NamedTuple

from shared.domain.messages import Message


class ProblemType(NamedTuple):
    """One type of problem. The detail says what happened, what was stored, and what to do."""

    status: int
    title: Message
    detail: Message


PROBLEM_TYPES: Mapping[str, ProblemType] = {
    "malformed": ProblemType(
        400, Message("Isi tidak terbaca"),
        Message("Isi permintaan bukan JSON yang sah. Tidak ada yang disimpan; perbaiki lalu kirim lagi."),
    ),
    "token-missing": ProblemType(
        401, Message("Belum masuk"),
        Message("Permintaan ini membutuhkan token. Masuk, lalu kirim lagi dengan header Authorization: Bearer."),
    ),
    "token-expired": ProblemType(
        401, Message("Masa masuk habis"),
        Message("Masa berlaku token sudah lewat. Tidak ada yang disimpan; masuk lagi lalu kirim ulang."),
    ),
    "token-invalid": ProblemType(
        401, Message("Token tidak sah"),
        Message("Token tidak dapat dipercaya di sini. Tidak ada yang disimpan; masuk lagi."),
    ),
    "sign-in-failed": ProblemType(
        400, Message("Belum berhasil masuk"),
        Message("Proses masuk tidak selesai. Tidak ada yang disimpan; mulailah lagi dari halaman yang Anda tuju."),
    ),
    "forbidden": ProblemType(
        403, Message("Di luar wewenang"),
        Message("Peran Anda tidak mencakup tindakan ini di sini. Tidak ada yang disimpan."),
    ),
    "not-found": ProblemType(
        404, Message("Tidak ada"),
        Message("Yang Anda minta tidak ada di sini. Periksa alamatnya."),
    ),
    "method-not-allowed": ProblemType(
        405, Message("Cara tidak tersedia"),
        Message("Alamat ini ada, tetapi tidak dengan metode HTTP itu."),
    ),
    "refused": ProblemType(
        409, Message("Ditolak menurut aturan"),
        Message("Aturan menolak permintaan ini. Penolakannya tercatat sebagai peristiwa dan dapat diajukan "
            "keberatan."),
    ),
    "version-conflict": ProblemType(
        412, Message("Sudah berubah"),
        Message("Yang Anda lihat sudah berubah. Tidak ada yang disimpan; muat ulang lalu putuskan lagi."),
    ),
    "too-large": ProblemType(
        413, Message("Isi terlalu besar"),
        Message("Isi permintaan melebihi batas (64 kB; massal 1 MB; berkas register 10 MB). Tidak ada yang "
            "disimpan; kirim dalam beberapa bagian."),
    ),
    "invalid": ProblemType(
        422, Message("Isian tidak sah"),
        Message("Permintaan terbaca, tetapi ada isian yang tidak sah (lihat errors). Tidak ada yang disimpan."),
    ),
    "key-reused": ProblemType(
        422, Message("Kunci sudah dipakai"),
        Message("Idempotency-Key ini sudah dipakai untuk isi lain. Jawaban lama tetap berlaku; isi baru butuh "
            "kunci baru."),
    ),
    "internal": ProblemType(
        500, Message("Kesalahan di pihak kami"),
        Message("Terjadi kesalahan yang tidak terduga dan telah dicatat. Kirim ulang dengan Idempotency-Key yang "
            "sama."),
    ),
    "unavailable": ProblemType(
        503, Message("Belum dapat disimpan"),
        Message("Penyimpanan sedang tidak tersedia. Tidak ada yang diterima; kirim ulang dengan Idempotency-Key "
            "yang sama."),
    ),
    "unreachable": ProblemType(
        503, Message("Tidak ada jawaban"),
        Message("Kafka, atau layanan pemilik peristiwa, tidak menjawab. Tidak ada keputusan yang tercatat; coba lagi "
            "nanti."),
    ),
    "issuer-unreachable": ProblemType(
        503, Message("Penerbit token tidak menjawab"),
        Message("Token Anda belum dapat diperiksa, karena kunci penerbitnya belum terbaca. Tidak ada yang disimpan; "
            "kirim ulang sebentar lagi."),
    ),
    "behind": ProblemType(
        503, Message("Tampilan belum menyusul"),
        Message("Yang Anda tulis tersimpan, tetapi belum tampak di sini. Coba lagi sebentar lagi."),
    ),
    "request": ProblemType(
        400, Message("Permintaan tidak dapat dilayani"),
        Message("Permintaan ini tidak dapat dilayani. Tidak ada yang disimpan."),
    ),
}  # fmt: skip

SLUG_BY_STATUS: Mapping[int, str] = {
    400: "malformed",
    401: "token-missing",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
}
"""The problem type of errors that FastAPI or Starlette raises, by status."""
