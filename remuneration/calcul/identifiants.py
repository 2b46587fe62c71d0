"""Reconnaître le professionnel qui a changé d’identifiant national (ADELI, puis RPPS)."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

# Strict : même nom, même profession, un même site, l’ancien inactif, et un seul de chaque côté. Dans le doute, rien :
# les deux identifiants restent deux bénéficiaires, et le référent le verra parmi les anomalies.
_RAPPROCHER = """
    WITH paire AS (
        SELECT DISTINCT ancien.id AS ancien_id, nouveau.id AS nouveau_id
        FROM annuaire_effecteur ancien
        JOIN annuaire_effecteur nouveau ON nouveau.nom_recherche = ancien.nom_recherche
            AND nouveau.profession_id = ancien.profession_id AND nouveau.est_actif
            AND nouveau.identifiant_national LIKE '8%%'
        JOIN annuaire_lieuexercice avant ON avant.effecteur_id = ancien.id
        JOIN annuaire_lieuexercice apres ON apres.effecteur_id = nouveau.id AND apres.commune_id = avant.commune_id
            AND (apres.cle = avant.cle OR (apres.adresse = avant.adresse AND apres.adresse <> ''))
        WHERE ancien.identifiant_national LIKE '0%%' AND NOT ancien.est_actif
            AND NOT EXISTS (SELECT FROM remuneration_succession s WHERE s.ancien_id = ancien.id)
    )
    INSERT INTO remuneration_succession (ancien_id, nouveau_id, le)
    SELECT ancien_id, nouveau_id, %(maintenant)s FROM paire p
    WHERE (SELECT count(*) FROM paire q WHERE q.ancien_id = p.ancien_id) = 1
        AND (SELECT count(*) FROM paire q WHERE q.nouveau_id = p.nouveau_id) = 1
    ON CONFLICT DO NOTHING"""


def rapprocher(maintenant: datetime) -> int:
    """Ajoute les changements d’identifiant qui ne font pas de doute ; rend leur nombre. Rejouable."""
    with connection.cursor() as curseur:
        curseur.execute(_RAPPROCHER, {"maintenant": maintenant})
        return int(curseur.rowcount)
