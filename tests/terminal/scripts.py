"""Names in many scripts, with the cells that each takes up on a terminal that draws them well."""

import unicodedata

NAMES: dict[str, tuple[str, int]] = {
    "ascii": ("plain", 5),
    "decomposed, as macOS writes it": (unicodedata.normalize("NFD", "Größe café"), 10),
    "vietnamese, decomposed": (unicodedata.normalize("NFD", "Tiếng Việt"), 10),
    "korean, decomposed": (unicodedata.normalize("NFD", "한국어"), 6),
    "thai": ("ภาษาไทย น้ำ", 10),
    "hindi": ("हिन्दी", 4),
    "arabic with vowels": ("السَّلَامُ", 6),
    "hebrew with points": ("שָׁלוֹם", 4),
    "chinese": ("中文", 4),
    "half-width kana": ("ｶﾀｶﾅ", 4),
    "emoji": ("a😀b", 4),
    "a family joined": ("👨‍👩‍👧", 2),
    "a developer joined": ("👩‍💻", 2),
    "a flag": ("🇩🇪", 2),
    "a skin tone": ("👍🏽", 2),
    "a heart as picture": ("❤️", 2),
    "a key": ("1️⃣", 2),
    "a rainbow flag": ("🏳️‍🌈", 2),
}

IN_PYTE = (
    *("ascii", "decomposed, as macOS writes it", "vietnamese, decomposed", "thai", "arabic with vowels"),
    *("hebrew with points", "chinese", "half-width kana", "emoji"),
)
"""Those that pyte 0.8 counts so; it counts Korean parts, flags, skin tones and selectors otherwise, and loses what
follows a joiner or an Indic vowel."""

IN_TMUX = (*IN_PYTE, "korean, decomposed", "a flag", "a family joined", "a developer joined")
"""Those that tmux 3.3 counts so; it counts Indic vowels, skin tones and selectors otherwise."""
