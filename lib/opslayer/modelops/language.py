"""The language of a text, by py3langid (Lui and Baldwin 2012: langid.py, an off-the-shelf identifier)."""

from __future__ import annotations

from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

UNKNOWN = "und"  # BCP 47's word for it
SURE = 0.6
BUSINESS = (
    "ar", "bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "he", "hi", "hr", "hu", "it", "ja",
    "ko", "lt", "lv", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "th", "tr", "uk", "vi", "zh",
)  # fmt: skip


@cache
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(BUSINESS))
    return identifier


def language_of(text: str) -> str:
    """An ISO 639-1 code; UNKNOWN where the text is too short to tell."""
    letters = sum(map(str.isalpha, text))
    if letters < 10:
        return UNKNOWN
    best, share = _identifier().rank(text[:5_000])[0]
    return str(best) if share >= SURE else UNKNOWN
