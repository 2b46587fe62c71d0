"""Ce que la participation change à l’affichage d’un lieu (metier.md S-24)."""

from __future__ import annotations

from dataclasses import dataclass

from participation.domaine.declaration import CDS, CPTS, MSP, SOS, Declaration


@dataclass(frozen=True, slots=True)
class Affichage:
    """Ce que la recherche montre d’un lieu.

    `participe` : le lieu compte parmi les participants ; `en_sus` : on peut y
    adresser un patient au-delà des disponibilités ; `agenda_saisi` et
    `agenda_editeur` : quelles disponibilités y sont visibles. `via` : par quoi
    participe ce lieu, vide s’il ne participe pas ; `forfait` : l’effecteur reçoit
    les patients que les urgences réorientent.
    """

    participe: bool
    en_sus: bool
    agenda_saisi: bool
    agenda_editeur: bool
    via: str = ""
    forfait: bool = False


def affichage_effecteur(
    *,
    participe: bool,
    modalite: str,
    utilise_logiciel: bool | None,
    refuse_affichage: bool,
    dans_un_centre_de_sante: bool,
    rattache_a_sa_cpts: bool = False,
    forfait_reorientation: bool = False,
) -> Affichage:
    """Affichage du lieu d’un effecteur.

    Les agendas montrés sont ceux que dit la déclaration (A-06). Via une MSP ou
    SOS Médecins, l’organisation porte l’acceptation en sus. Dans un centre de
    santé, c’est le centre qui participe. Via une CPTS, seuls comptent les lieux
    que l’effecteur y a rattachés. Le forfait de réorientation se déclare à part.
    """
    declaration = Declaration(
        participe=participe,
        modalite=modalite if participe else "",
        utilise_logiciel=utilise_logiciel,
        refuse_affichage=refuse_affichage,
    )
    participe_ici = (
        participe and not dans_un_centre_de_sante and (declaration.modalite != CPTS or rattache_a_sa_cpts)
    )
    return Affichage(
        participe=participe_ici,
        en_sus=participe_ici and declaration.modalite not in (MSP, SOS),
        agenda_saisi=declaration.agenda_saisi_ouvert,
        agenda_editeur=declaration.editeur_admis,
        via=declaration.modalite if participe_ici else "",
        forfait=forfait_reorientation,
    )


def affichage_structure(
    *, type_structure: str, declare_participer: bool, effecteurs_par_elle: bool
) -> Affichage:
    """Affichage du lieu d’une structure : qui participe accepte en sus (P-22, P-23).

    Une maison de santé ne déclare rien : elle participe dès qu’un effecteur en
    exercice le fait par elle (`effecteurs_par_elle`). Un centre, une association
    SOS Médecins le disent. Les autres structures ne participent pas elles-mêmes.
    """
    participe = (
        effecteurs_par_elle if type_structure == MSP else declare_participer and type_structure in (CDS, SOS)
    )
    return Affichage(participe=participe, en_sus=participe, agenda_saisi=True, agenda_editeur=True)
