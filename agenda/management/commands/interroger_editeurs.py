"""Un cycle d’interrogation des éditeurs ; simulation par défaut."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from agenda.editeurs.budget import Refus
from agenda.editeurs.ordonnanceur import LOTS_PAR_GROUPE, Interrogateur, ouvrir_interrogateur
from agenda.editeurs.retraits import retirer_affichages_refuses
from agenda.editeurs.stockage import Bilan
from agenda.enums import EtatLot
from agenda.models import Editeur
from sas_platform.socle.iterables import par_lots


class Command(BaseCommand):
    help = (
        "Interroge une fois tous les lots des éditeurs actifs, dans leur budget. Sans --ecrire, les réponses "
        "sont lues et comparées, rien n’est gardé."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--editeur", default="", help="code d’un éditeur ; absent : tous les actifs")
        parser.add_argument("--ecrire", action="store_true", help="garder ce qui a changé")

    def handle(self, *, editeur: str, ecrire: bool, **options: Any) -> None:
        editeurs = Editeur.objects.filter(est_actif=True).order_by("pk")
        if editeur:
            editeurs = editeurs.filter(code=editeur)
        if not editeurs:
            raise CommandError(f"Aucun éditeur actif{f' de code « {editeur} »' if editeur else ''}.")
        bilan = Bilan()
        with ouvrir_interrogateur() as interrogateur:
            for chacun in editeurs:
                bilan += self._interroger(interrogateur, chacun, ecrire)
        if ecrire:
            retirer_affichages_refuses(timezone.now())
        self.stdout.write(_resumer(bilan, ecrire))
        if bilan.lots.keys() - {EtatLot.REUSSI.value}:
            raise CommandError("Des lots n’ont pas été lus ; leurs créneaux sont gardés tels quels.")
        if bilan.reportes.keys() - {Refus.EN_COURS.value}:
            raise CommandError("Des lots ont été reportés, faute de budget ; relancez plus tard.")

    def _interroger(self, interrogateur: Interrogateur, editeur: Editeur, ecrire: bool) -> Bilan:
        bilan = Bilan()
        lots = list(editeur.lots.order_by("numero").values_list("pk", flat=True))
        faits = 0
        for groupe in par_lots(lots, LOTS_PAR_GROUPE):
            bilan += interrogateur.interroger(editeur, groupe, timezone.now(), ecrire=ecrire)
            faits += len(groupe)
            self.stderr.write(f"  {editeur.code} : {faits}/{len(lots)} lots")
        return bilan


def _resumer(bilan: Bilan, ecrire: bool) -> str:
    ecartes = bilan.creneaux.copy()
    gardes = ecartes.pop("garde", 0)
    etats = dict(bilan.lots)
    lus = etats.pop(EtatLot.REUSSI.value, 0)
    return (
        f"{'Écrit' if ecrire else 'Simulation'} : {sum(bilan.lots.values())} lots demandés, {lus} lus"
        f"{_detail(etats, 'en échec')}{_detail(bilan.reportes, 'reportés')} ; "
        f"{gardes + sum(ecartes.values())} créneaux lus, {gardes} gardés{_detail(ecartes, 'écartés')} ; "
        f"{bilan.agendas_changes} agendas changés sur {bilan.agendas_lus}, {bilan.lieux_crees} lieux créés"
    )


def _detail(nombres: dict[str, int], titre: str) -> str:
    if not nombres:
        return ""
    detail = ", ".join(f"{nom} {n}" for nom, n in sorted(nombres.items()))
    return f", {sum(nombres.values())} {titre} ({detail})"
