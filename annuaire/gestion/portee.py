"""Sur quels comptes l’on agit : le territoire, puis la hiérarchie (U-03, U-13).

Un compte relève d’un territoire par un périmètre, par ses structures, par ses
lieux d’exercice s’il est effecteur, par ses délégations s’il est délégataire.
Rien n’en est gardé : changer un lieu ou un territoire suffit à changer la liste.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from annuaire.champs import Champ, champ, territoires_du
from annuaire.models import Commune, Delegation, Effecteur, LieuExercice, Perimetre, Structure, Territoire
from annuaire.territoires.lectures import communes_de, effecteurs_de, structures_de
from comptes.droits import TABLE, niveau
from comptes.enums import Action, Role
from comptes.models import Compte, Habilitation


class HorsHierarchie(Exception):
    """On n’agit ni sur soi, ni sur un compte de son niveau ou au-dessus."""


def non_finies(instant: datetime) -> Q:
    """En cours ou à venir : un rôle daté de demain compte déjà dans la hiérarchie."""
    return Q(fin_le=None) | Q(fin_le__gt=instant)


def comptes_du(champ: Champ, *, instant: datetime) -> QuerySet[Compte]:
    """Comptes de ce champ ; ceux qu’on a anonymisés ne se voient que dans la trace."""
    comptes = Compte.objects.filter(anonymise_le=None)
    return comptes if champ.france else comptes.filter(_releve_de(territoires_du(champ), instant))


def _releve_de(territoires: QuerySet[Territoire], instant: datetime) -> Q:
    """Un compte dont tous les rôles ont fini relève encore de ses derniers territoires : on doit pouvoir le rouvrir."""
    communes = communes_de(territoires)
    habilitations = Habilitation.objects.filter(compte=OuterRef("pk"))
    sans_role = ~Exists(habilitations.filter(non_finies(instant)))
    structures = structures_de(territoires)
    vises = Perimetre.objects.filter(Q(territoire__in=territoires) | Q(structure__in=structures))
    ouverts = vises.filter(
        non_finies(instant), Q(habilitation__fin_le=None) | Q(habilitation__fin_le__gt=instant)
    )
    effecteurs = habilitations.filter(role=Role.EFFECTEUR)
    de_ses_lieux = Q(identifiant_national__in=effecteurs_de(territoires).values("identifiant_national")) & (
        Exists(effecteurs.filter(non_finies(instant))) | (Exists(effecteurs) & sans_role)
    )
    lieux = LieuExercice.objects.filter(est_actif=True, commune__in=communes, effecteur__isnull=False)
    delegations = Delegation.objects.filter(non_finies(instant), revoquee_le=None).filter(
        Q(effecteur__in=lieux.values("effecteur")) | Q(structure__in=structures)
    )
    return (
        Q(pk__in=ouverts.values("habilitation__compte"))
        | (Q(pk__in=vises.values("habilitation__compte")) & sans_role)
        | de_ses_lieux
        | Q(pk__in=delegations.values("delegataire"))
    )


def visibles_par(acteur: Compte, *, instant: datetime) -> QuerySet[Compte]:
    return comptes_du(champ(acteur, Action.CONSULTER_COMPTES, instant=instant), instant=instant)


def geres_par(acteur: Compte, *, instant: datetime) -> QuerySet[Compte]:
    """Comptes sur lesquels `acteur` agit : dans son champ, et sous lui dans la hiérarchie."""
    return geres_dans(champ(acteur, Action.GERER_COMPTES, instant=instant), acteur, instant=instant)


def geres_dans(gere: Champ, acteur: Compte, *, instant: datetime) -> QuerySet[Compte]:
    """`geres_par`, quand le champ est déjà lu."""
    comptes = comptes_du(gere, instant=instant).exclude(pk=acteur.pk)
    if Role.ADMINISTRATEUR in acteur.roles:
        return comptes
    au_dessus = [role for role in Role if niveau([role]) >= niveau_de_gestion(acteur)]
    superieurs = Habilitation.objects.filter(non_finies(instant), compte=OuterRef("pk"), role__in=au_dessus)
    return comptes.filter(~Exists(superieurs))


def avec_est_modifiable(
    comptes: QuerySet[Compte], gere: Champ, acteur: Compte, *, instant: datetime
) -> QuerySet[Compte]:
    """Ajoute `est_modifiable` : vrai si `acteur` agit sur ce compte."""
    geres = geres_dans(gere, acteur, instant=instant)
    return comptes.annotate(est_modifiable=Exists(geres.filter(pk=OuterRef("pk"))))


def niveau_de_gestion(acteur: Compte) -> int:
    """Niveau auquel agit `acteur` : celui des rôles qui gèrent des comptes, non de ses autres rôles."""
    return niveau(acteur.roles & set(TABLE[Action.GERER_COMPTES]))


def verifier_hierarchie(acteur: Compte, compte: Compte, *, instant: datetime) -> None:
    """À refaire sous le verrou du compte : un rôle a pu lui être donné depuis l’affichage. Lève `HorsHierarchie`."""
    if not geres_par(acteur, instant=instant).filter(pk=compte.pk).exists():
        raise HorsHierarchie


def perimetres_visibles(perimetres: QuerySet[Perimetre], champ: Champ) -> QuerySet[Perimetre]:
    """Ceux que ce champ couvre ; les autres sont l’affaire d’un autre gestionnaire."""
    if champ.france:
        return perimetres
    structures = structures_de(territoires_du(champ)).values("pk")
    return perimetres.filter(Q(territoire__in=champ.territoires) | Q(structure__in=structures))


def deborde(acteur: Compte, compte: Compte, *, instant: datetime) -> bool:
    """Vrai si le compte relève aussi de territoires hors du champ de `acteur`."""
    gere = champ(acteur, Action.GERER_COMPTES, instant=instant)
    if gere.france:
        return False
    siens = territoires_des_comptes([compte.pk], instant=instant)
    return not siens.get(compte.pk, set()) <= gere.territoires


# Une seule requête pour une page de comptes ; par l’ORM il en faudrait dix.
_TERRITOIRES = """
    WITH structure_du_compte AS (
        SELECT h.compte_id, p.structure_id
        FROM annuaire_perimetre p JOIN comptes_habilitation h ON h.id = p.habilitation_id
        WHERE h.compte_id = ANY(%(comptes)s) AND p.structure_id IS NOT NULL
            AND coalesce(p.fin_le, 'infinity') > %(instant)s AND coalesce(h.fin_le, 'infinity') > %(instant)s
        UNION
        SELECT delegataire_id, structure_id FROM annuaire_delegation
        WHERE delegataire_id = ANY(%(comptes)s) AND structure_id IS NOT NULL
            AND revoquee_le IS NULL AND coalesce(fin_le, 'infinity') > %(instant)s
    ), commune_du_compte AS (
        SELECT c.id AS compte_id, l.commune_id
        FROM comptes_compte c
        JOIN annuaire_effecteur e ON e.identifiant_national = c.identifiant_national
        JOIN annuaire_lieuexercice l ON l.effecteur_id = e.id AND l.est_actif
        WHERE c.id = ANY(%(comptes)s) AND EXISTS (
            SELECT FROM comptes_habilitation h WHERE h.compte_id = c.id AND h.role = 'effecteur'
                AND coalesce(h.fin_le, 'infinity') > %(instant)s)
        UNION
        SELECT d.delegataire_id, l.commune_id
        FROM annuaire_delegation d JOIN annuaire_lieuexercice l ON l.effecteur_id = d.effecteur_id AND l.est_actif
        WHERE d.delegataire_id = ANY(%(comptes)s)
            AND d.revoquee_le IS NULL AND coalesce(d.fin_le, 'infinity') > %(instant)s
        UNION
        SELECT compte_id, s.commune_id FROM structure_du_compte JOIN annuaire_structure s ON s.id = structure_id
        UNION
        SELECT compte_id, l.commune_id
        FROM structure_du_compte sc
        JOIN annuaire_lieuexercice l ON l.structure_id = sc.structure_id AND l.effecteur_id IS NULL
        UNION
        SELECT compte_id, z.commune_id
        FROM structure_du_compte sc
        JOIN annuaire_structure_communes_intervention z ON z.structure_id = sc.structure_id
    )
    SELECT h.compte_id, p.territoire_id
    FROM annuaire_perimetre p JOIN comptes_habilitation h ON h.id = p.habilitation_id
    WHERE h.compte_id = ANY(%(comptes)s) AND p.territoire_id IS NOT NULL
        AND coalesce(p.fin_le, 'infinity') > %(instant)s AND coalesce(h.fin_le, 'infinity') > %(instant)s
    UNION
    SELECT compte_id, td.territoire_id
    FROM commune_du_compte
    JOIN annuaire_commune c ON c.code_insee = commune_id
    JOIN annuaire_territoire_departements td ON td.departement_id = c.departement_id
    UNION
    SELECT compte_id, tc.territoire_id
    FROM commune_du_compte cc
    JOIN annuaire_commune c ON c.code_insee = cc.commune_id
    JOIN annuaire_territoire_communes tc ON tc.commune_id IN (c.code_insee, c.commune_parente_id)
"""


def territoires_des_comptes(comptes: Iterable[int], *, instant: datetime) -> dict[int, set[int]]:
    """Territoires de chaque compte (numéros). Même règle que `comptes_du` : un test les tient d’accord."""
    resultat: dict[int, set[int]] = defaultdict(set)
    with connection.cursor() as curseur:
        curseur.execute(_TERRITOIRES, {"comptes": list(comptes), "instant": instant})
        for compte, territoire in curseur.fetchall():
            resultat[compte].add(territoire)
    return resultat


def _communes_des_structures(structures: Iterable[int]) -> dict[int, set[str]]:
    """Commune du siège, des points fixes et de la zone d’intervention."""
    resultat: dict[int, set[str]] = defaultdict(set)
    vises = set(structures)
    sieges = Structure.objects.filter(pk__in=vises, commune__isnull=False).values_list("pk", "commune")
    points = LieuExercice.objects.filter(structure__in=vises, effecteur=None)
    zones = Structure.communes_intervention.through.objects.filter(structure__in=vises)
    for paires in (
        sieges,
        points.values_list("structure", "commune"),
        zones.values_list("structure", "commune"),
    ):
        for structure, commune in paires:
            resultat[structure].add(commune)
    return resultat


def territoires_par_commune(codes: Iterable[str]) -> dict[str, set[int]]:
    """Territoires de chaque commune, par son département, par elle-même ou par sa ville (arrondissements)."""
    resultat: dict[str, set[int]] = defaultdict(set)
    lues = list(Commune.objects.filter(pk__in=set(codes)).values_list("pk", "departement", "commune_parente"))
    par_departement, par_code = defaultdict(set), defaultdict(set)
    departements = {departement for _, departement, _ in lues}
    for territoire, departement in Territoire.departements.through.objects.filter(
        departement__in=departements
    ).values_list("territoire", "departement"):
        par_departement[departement].add(territoire)
    nommees = {code for pk, _, parente in lues for code in (pk, parente) if code}
    for territoire, code in Territoire.communes.through.objects.filter(commune__in=nommees).values_list(
        "territoire", "commune"
    ):
        par_code[code].add(territoire)
    for pk, departement, parente in lues:
        resultat[pk] = par_departement[departement] | par_code[pk] | (par_code[parente] if parente else set())
    return resultat


def territoires_de_l_effecteur(effecteur: Effecteur) -> set[int]:
    communes = effecteur.lieux.filter(est_actif=True).values_list("commune", flat=True)
    return set().union(*territoires_par_commune(communes).values())


def territoires_de_la_structure(structure: Structure) -> set[int]:
    communes = _communes_des_structures([structure.pk])[structure.pk]
    return set().union(*territoires_par_commune(communes).values())
