"""Une période telle qu’elle est connue : close, provisoire, ou en cours d’après l’estimation du moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from annuaire.enums import TypeStructure
from annuaire.models import LieuExercice
from participation.enums import Modalite
from participation.models import Participation
from remuneration.domaine.periodes import annee_de, trimestre_de
from remuneration.enums import ANNUELLES, PAR_TRANCHES, Condition, Prestation
from remuneration.espace.acces import Beneficiaire
from remuneration.espace.actes import fuseau_de
from remuneration.espace.lectures import periodes_de
from remuneration.espace.rendu import PrestationVue, du_decompte, instant_ecrit, prestation_vue
from remuneration.lectures import Attendu, estimer
from remuneration.models import Acte, Calcul, Periode, Regle


@dataclass(frozen=True, slots=True)
class Releve:
    """`regles` : celles de la période, pour lire les actes. `medecins` : par qui se multiplie un plafond."""

    periode: Periode
    etat: str
    est_clos: bool
    prestations: list[PrestationVue]
    actes: list[Acte]
    regles: list[Regle]
    medecins: int

    @property
    def code(self) -> str:
        return self.periode.code

    @property
    def titre(self) -> str:
        return str(self.periode)

    @property
    def a_un_forfait_d_activite(self) -> bool:
        return any(regle.prestation in PAR_TRANCHES for regle in self.regles)


@dataclass(frozen=True, slots=True)
class EnCours:
    """Ce qui court : le trimestre, l’année, et ce qui empêcherait de les calculer."""

    trimestre: Releve
    annee: Releve
    refus: list[str]


def releve_de(beneficiaire: Beneficiaire, code: str, *, maintenant: datetime) -> Releve | None:
    """Celui de `code`, s’il est calculé ou s’il court ; rien sinon. `code` vide : le trimestre en cours."""
    jour = maintenant.astimezone(fuseau_de(beneficiaire)).date()
    if code in ("", trimestre_de(jour)):
        return en_cours(beneficiaire, maintenant=maintenant).trimestre
    calcules = periodes_de(beneficiaire, code=code)
    if not calcules:
        est_l_annee = code == annee_de(jour)
        return en_cours(beneficiaire, maintenant=maintenant).annee if est_l_annee else None
    vue = calcules[0]
    calcul = vue.derniere.calcul
    actes = Acte.objects.filter(beneficiaire.ses(), calcul=calcul)
    return Releve(
        periode=vue.periode,
        etat=_etat(calcul, est_close=vue.est_close),
        est_clos=vue.est_close,
        prestations=[du_decompte(decompte) for decompte in vue.derniere.decomptes],
        actes=list(actes.order_by("-debut", "source", "numero")),
        regles=list(calcul.regles.prefetch_related("tranches").order_by("prestation", "debut")),
        medecins=max((d.preuve.get("medecins", 1) for d in vue.derniere.decomptes), default=1),
    )


def _etat(calcul: Calcul, *, est_close: bool) -> str:
    connus = f"d’après les faits connus le {instant_ecrit(calcul.arrete_le)}" if calcul.arrete_le else ""
    if est_close and calcul.clos_le:
        return f"Version {calcul.version}, close le {instant_ecrit(calcul.clos_le)}, {connus}."
    return f"Calcul provisoire, pas encore clos, {connus}."


def en_cours(beneficiaire: Beneficiaire, *, maintenant: datetime) -> EnCours:
    """L’estimation du moment ; une prestation sans rien à compter encore s’y voit aussi, à zéro."""
    estimation = estimer(maintenant=maintenant, **beneficiaire.criteres())
    etat = f"Estimation du {instant_ecrit(maintenant)}\u00a0: la période court encore, et rien n’en est parti à la caisse."
    medecins = max((attendu.preuve.get("medecins", 1) for attendu in estimation.prestations), default=1)

    def releve(periode: Periode, actes: list[Acte], *, annuel: bool) -> Releve:
        regles = [
            regle
            for regle in Regle.objects.sur(periode.debut, periode.fin)
            if (regle.prestation in ANNUELLES) is annuel
        ]
        return Releve(
            periode=periode,
            etat=etat,
            est_clos=False,
            prestations=_prestations(beneficiaire, regles, estimation.prestations),
            actes=actes,
            regles=regles,
            medecins=medecins,
        )

    return EnCours(
        trimestre=releve(estimation.trimestre, estimation.actes, annuel=False),
        annee=releve(estimation.annee, [], annuel=True),
        refus=estimation.refus,
    )


def _prestations(
    beneficiaire: Beneficiaire, regles: list[Regle], attendus: list[Attendu]
) -> list[PrestationVue]:
    par_regle = {attendu.regle.pk: attendu for attendu in attendus}
    ordre = list(Prestation)
    return [
        _prestation(beneficiaire, regle, par_regle.get(regle.pk))
        for regle in sorted(regles, key=lambda r: (ordre.index(Prestation(r.prestation)), r.debut))
    ]


def _prestation(beneficiaire: Beneficiaire, regle: Regle, attendu: Attendu | None) -> PrestationVue:
    prestation = Prestation(regle.prestation)
    conditions: list[tuple[Any, ...]] = []
    if attendu is not None:
        conditions = [(v.code, v.remplie, v.phrase, v.preuve) for v in attendu.conditions]
    elif prestation in ANNUELLES:
        conditions = [(Condition.PARTICIPE, False, _pourquoi_pas(beneficiaire))]
    return prestation_vue(
        prestation=prestation,
        regle=regle,
        nombre=attendu.nombre if attendu else 0,
        montant=attendu.montant if attendu else Decimal(0),
        est_due=attendu.est_du if attendu else False,
        conditions=conditions,
        preuve=attendu.preuve if attendu else {},
        de_structure=beneficiaire.est_structure,
        pour=beneficiaire,
    )


def _pourquoi_pas(beneficiaire: Beneficiaire) -> str:
    """Pourquoi l’année n’a aucun forfait : les autres conditions ne se jugent qu’une fois la participation déclarée."""
    suite = "Les autres conditions se jugeront une fois la participation déclarée."
    if beneficiaire.structure:
        return f"La structure n’a pas déclaré participer au SAS. {suite}"
    reglages = Participation.objects.filter(effecteur=beneficiaire.effecteur).first()
    if reglages and reglages.participe and reglages.modalite == Modalite.SOS:
        return "Vous participez par SOS Médecins\u00a0: le forfait est celui de votre association."
    lieux = LieuExercice.objects.filter(effecteur=beneficiaire.effecteur, est_actif=True)
    if lieux.exists() and not lieux.exclude(structure__type=TypeStructure.CDS).exists():
        return (
            "Vous exercez en centre de santé\u00a0: c’est le centre qui participe et qui reçoit le forfait."
        )
    return f"Vous n’avez pas déclaré participer au SAS. {suite}"
