"""Lists the types of problem details: stable slug, HTTP status, and the texts that users read in both languages."""

from collections.abc import Mapping
from typing import NamedTuple


class ProblemType(NamedTuple):
    """One type of problem. The detail says what happened, what was stored, and what to do."""

    status: int
    title: str
    title_en: str
    detail: str
    detail_en: str


PROBLEM_TYPES: Mapping[str, ProblemType] = {
    "malformed": ProblemType(
        400, "Isi tidak terbaca", "Malformed body",
        "Isi permintaan bukan JSON yang sah. Tidak ada yang disimpan; perbaiki lalu kirim lagi.",
        "The body is not valid JSON. Nothing was stored; mend it and send it again.",
    ),
    "token-missing": ProblemType(
        401, "Belum masuk", "Not signed in",
        "Permintaan ini membutuhkan token. Masuk, lalu kirim lagi dengan header Authorization: Bearer.",
        "This request needs a token. Sign in and send it again with the header Authorization: Bearer.",
    ),
    "token-expired": ProblemType(
        401, "Masa masuk habis", "Token expired",
        "Masa berlaku token sudah lewat. Tidak ada yang disimpan; masuk lagi lalu kirim ulang.",
        "The token has expired. Nothing was stored; sign in again and resend it.",
    ),
    "token-invalid": ProblemType(
        401, "Token tidak sah", "Token not valid",
        "Token tidak dapat dipercaya di sini. Tidak ada yang disimpan; masuk lagi.",
        "The token cannot be trusted here. Nothing was stored; sign in again.",
    ),
    "forbidden": ProblemType(
        403, "Di luar wewenang", "Not yours to do",
        "Peran Anda tidak mencakup tindakan ini di sini. Tidak ada yang disimpan.",
        "Your role does not cover this action here. Nothing was stored.",
    ),
    "not-found": ProblemType(
        404, "Tidak ada", "Not found",
        "Yang Anda minta tidak ada di sini. Periksa alamatnya.",
        "What you asked for is not here. Check the address.",
    ),
    "method-not-allowed": ProblemType(
        405, "Cara tidak tersedia", "Method not allowed",
        "Alamat ini ada, tetapi tidak dengan metode HTTP itu.",
        "This address exists, but not with that HTTP method.",
    ),
    "refused": ProblemType(
        409, "Ditolak menurut aturan", "Refused by the rules",
        "Aturan menolak permintaan ini. Penolakannya tercatat sebagai peristiwa dan dapat diajukan keberatan.",
        "The rules refuse this request. The refusal is recorded as an event and can be appealed.",
    ),
    "version-conflict": ProblemType(
        412, "Sudah berubah", "Changed meanwhile",
        "Yang Anda lihat sudah berubah. Tidak ada yang disimpan; muat ulang lalu putuskan lagi.",
        "What you saw has changed. Nothing was stored; read it again and decide again.",
    ),
    "too-large": ProblemType(
        413, "Isi terlalu besar", "Body too large",
        "Isi permintaan melebihi batas (64 kB; massal 1 MB; berkas register 10 MB). Tidak ada yang disimpan; "
        "kirim dalam beberapa bagian.",
        "The body exceeds the limit (64 kB; in bulk 1 MB; a file of the register 10 MB). Nothing was stored; "
        "send it in several parts.",
    ),
    "invalid": ProblemType(
        422, "Isian tidak sah", "Invalid request",
        "Permintaan terbaca, tetapi ada isian yang tidak sah (lihat errors). Tidak ada yang disimpan.",
        "The request was read, but parts of it are not valid (see errors). Nothing was stored.",
    ),
    "key-reused": ProblemType(
        422, "Kunci sudah dipakai", "Idempotency key reused",
        "Idempotency-Key ini sudah dipakai untuk isi lain. Jawaban lama tetap berlaku; isi baru butuh kunci baru.",
        "This Idempotency-Key was used for another body. The first answer stands; use a new key for a new body.",
    ),
    "internal": ProblemType(
        500, "Kesalahan di pihak kami", "Our fault",
        "Terjadi kesalahan yang tidak terduga dan telah dicatat. Kirim ulang dengan Idempotency-Key yang sama.",
        "Something unexpected went wrong and was logged. Send it again with the same Idempotency-Key.",
    ),
    "unavailable": ProblemType(
        503, "Belum dapat disimpan", "Cannot store now",
        "Penyimpanan sedang tidak tersedia. Tidak ada yang diterima; kirim ulang dengan Idempotency-Key yang sama.",
        "The store is not available. Nothing was accepted; send it again with the same Idempotency-Key.",
    ),
    "behind": ProblemType(
        503, "Tampilan belum menyusul", "View behind",
        "Yang Anda tulis tersimpan, tetapi belum tampak di sini. Coba lagi sebentar lagi.",
        "What you wrote is stored but not visible here yet. Try again in a moment.",
    ),
    "request": ProblemType(
        400, "Permintaan tidak dapat dilayani", "Request not served",
        "Permintaan ini tidak dapat dilayani. Tidak ada yang disimpan.",
        "This request cannot be served. Nothing was stored.",
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
