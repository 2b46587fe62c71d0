"""Ce qui se dit devant un nom, et que l’annuaire ne range pas avec lui."""

_CIVILITES = frozenset(
    {"dr", "docteur", "docteure", "pr", "professeur", "professeure", "m", "mr", "monsieur", "mme", "madame"}
)


def sans_civilite(tape: str) -> str:
    """Nom normalisé, sans « docteur » ni « mme » devant lui ; tel quel s’il ne resterait rien."""
    premier, _, reste = tape.partition(" ")
    return sans_civilite(reste) if reste and premier in _CIVILITES else tape
