"""Quand le résultat est pauvre : ce que l’on peut relâcher en un clic, avec ce que cela donnerait vraiment.

Chaque marche est une recherche entière ; le nombre montré est celui que l’on
trouvera en la suivant, parce qu’il est compté par la même instruction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from annuaire.enums import TypeStructure
from annuaire.models import Specialite
from orientation import carnet, facettes
from orientation.carnet import Recherche
from orientation.domaine.classement import distance
from orientation.lectures import EN_SUS, Resultats, compter
from sas_platform.socle.memoire import memoriser

# Le moteur national vise cinq professionnels « qui in fine disposeraient de créneaux » (S-16).
PAUVRE = 5
# On consulte à distance bien au-delà de son canton, mais chez qui connaît le département.
TELECONSULTATION_KM = 100
CPTS_MAX = 3
# D’autres lieux que ceux que l’on a : toujours bons à dire, même sans créneau.
AILLEURS = ("cpts", "sos", "msp", "en_sus")


@dataclass(frozen=True, slots=True)
class Marche:
    """`total` offres au bout, dont `libres` avec un créneau ; `mene` : plus que ce que l’on a."""

    code: str
    libelle: str
    total: int
    libres: int
    mene: bool = True


def est_pauvre(demande: Recherche, lus: Resultats) -> bool:
    return _trouvees(demande, lus) < PAUVRE


def marches(demande: Recherche, lus: Resultats, *, listes: list[str], maintenant: datetime) -> list[Marche]:
    """Celles qui donnent plus que ce que l’on a ; une instruction, et seulement si le résultat est pauvre.

    S’il est vide, les autres aussi : ne rien dire laisserait croire qu’on ne les a pas essayées.
    """
    if demande.cpts_id or not est_pauvre(demande, lus):
        return []
    possibles = [marche for marche in _possibles(demande) if marche[2].disponibilite in listes]
    visees = [replace(visee.criteres(), gardee=lus.gardee) for _, _, visee in possibles]
    comptes = compter(visees, maintenant=maintenant)
    deja = plus_pres = _trouvees(demande, lus)
    proposees: list[Marche] = []
    for (code, libelle, visee), (total, libres) in zip(possibles, comptes, strict=True):
        nombre = _nombre(visee, total, libres)
        est_un_rayon = code.startswith("rayon")
        mene = bool(total) if code.startswith(AILLEURS) else nombre > (plus_pres if est_un_rayon else deja)
        if mene or not deja:
            proposees.append(Marche(code, libelle, total, libres, mene))
        if est_un_rayon:
            plus_pres = max(plus_pres, nombre)  # aller plus loin pour rien ne se propose pas
    return proposees


def _trouvees(demande: Recherche, lus: Resultats) -> int:
    """Sans le médecin traitant : une marche ne le compte pas, et qu’il soit montré n’apporte personne d’autre."""
    return _nombre(demande, lus.total - lus.traitants, lus.libres - lus.traitants_libres)


def _nombre(demande: Recherche, total: int, libres: int) -> int:
    """Ce que cherche cette liste : des créneaux, ou des lieux."""
    return libres if demande.criteres().demande_un_creneau else total


def suivre(demande: Recherche, code: str, *, jeton: str) -> Recherche:
    """La recherche au bout de cette marche ; la même si elle n’existe pas."""
    visees = {propose: visee for propose, _, visee in _possibles(demande, jeton=jeton)}
    return visees.get(code, demande)


def _possibles(demande: Recherche, *, jeton: str = "") -> Iterator[tuple[str, str, Recherche]]:
    for rang in (1, 2):
        rayon = demande.rayon_elargi(rang)
        if rayon > demande.rayon_elargi(rang - 1):
            yield (
                f"rayon-{rang}",
                f"Élargir à {distance(rayon).replace(',0', '')}",
                demande.avec(rayon_km=rayon),
            )
    cherche_un_creneau = demande.criteres().demande_un_creneau
    if cherche_un_creneau and demande.delais:
        yield "delais", "Les jours suivants, jusqu’à 72 heures", demande.avec(delais=())
    sans_filtre = demande.avec(**dict.fromkeys(facettes.DE_LIEUX, ()))
    if sans_filtre != demande or (cherche_un_creneau and demande.modalites):
        sans = sans_filtre.avec(modalites=())
        yield "filtres", "Sans filtre de type, de conventionnement, d’accueil ni de consultation", sans
    if cherche_un_creneau and demande.modalites != ("teleconsultation",):
        rayon = max(TELECONSULTATION_KM, demande.rayon_km)
        a_distance = demande.avec(modalites=("teleconsultation",), rayon_km=rayon)
        yield "teleconsultation", f"Téléconsultation jusqu’à {round(rayon)}\u00a0km", a_distance
    for cpts_id, nom in demande.secteur_cpts[:CPTS_MAX]:
        yield f"cpts-{cpts_id}", nom, carnet.chez_la_cpts(demande, cpts_id, jeton=jeton)
    rayon = demande.rayon_elargi(1)
    jusque = f"jusqu’à {round(rayon)}\u00a0km"
    if (sos := _structures(TypeStructure.SOS)) and sos != demande.specialite_ids:
        points = sans_filtre.avec(quoi="SOS Médecins", specialite_ids=sos, noms="", rayon_km=rayon)
        yield "sos", f"SOS Médecins {jusque}", points
    if (msp := _structures(TypeStructure.MSP)) and msp != demande.specialite_ids:
        # Une maison de santé n’a pas d’agenda : elle reçoit en sus, par ceux qui participent par elle (S-86).
        maisons = sans_filtre.avec(
            quoi="Maison de santé", specialite_ids=msp, noms="", rayon_km=rayon, disponibilite=EN_SUS
        )
        yield "msp", f"Maisons de santé, en sus, {jusque}", maisons
    if demande.disponibilite != EN_SUS:
        yield "en_sus", "En sus des disponibilités", demande.avec(disponibilite=EN_SUS)


@memoriser(duree_s=60, taille=2)
def _structures(genre: TypeStructure) -> tuple[int, ...]:
    """Ce que l’on cherche pour trouver les structures de ce type."""
    return tuple(Specialite.objects.filter(type_structure=genre).order_by("pk").values_list("pk", flat=True))
