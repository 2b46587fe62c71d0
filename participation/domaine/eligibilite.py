"""Ce que la participation change à l’affichage d’un lieu (metier.md S-24)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Affichage:
    """Ce que la recherche montre d’un lieu.

    `participe` : le lieu compte parmi les participants ; `en_sus` : on peut y
    adresser un patient au-delà des disponibilités ; `agenda_saisi` et
    `agenda_editeur` : quelles disponibilités y sont visibles.
    """

    participe: bool
    en_sus: bool
    agenda_saisi: bool
    agenda_editeur: bool


def affichage_effecteur(
    *, participe: bool, modalite: str, refuse_affichage: bool, dans_un_centre_de_sante: bool
) -> Affichage:
    """Affichage du lieu d’un effecteur.

    Via SOS Médecins, ses propres agendas sont fermés : le point fixe les
    porte. Via une MSP, la maison de santé porte l’acceptation en sus. Dans un
    centre de santé, c’est le centre qui participe.
    """
    via_sos = participe and modalite == "sos"
    participe_ici = participe and not dans_un_centre_de_sante
    return Affichage(
        participe=participe_ici,
        en_sus=participe_ici and modalite not in ("msp", "sos"),
        agenda_saisi=not via_sos,
        agenda_editeur=not via_sos and not refuse_affichage,
    )


def affichage_structure(*, participe: bool) -> Affichage:
    """Affichage du lieu d’une structure : qui participe accepte en sus (P-22, P-23)."""
    return Affichage(participe=participe, en_sus=participe, agenda_saisi=True, agenda_editeur=True)
