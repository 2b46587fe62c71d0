"""Ce que la démonstration ajoute aux données fictives : éditeurs, raccordements, comptes des personas.

`python -m sas_platform.demo.donnees --dossier DOSSIER CODE=URL…` ; rejouable.
Écrit un fichier de praticiens par éditeur simulé, et l’identité des personas
qui sont des effecteurs de l’annuaire.
"""

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from agenda.models import Editeur

GENERALISTE = "SM54"
NOMS = {"agenda-libre": "Agenda libre (simulé)", "rendez-vous-express": "Rendez-vous express (simulé)"}
PART = {"agenda-libre": 400, "rendez-vous-express": 200}  # effecteurs raccordés à chacun
FLUX = {
    "agenda-libre": ("ps", "cpts", "comptes", "rendez_vous"),
    "rendez-vous-express": ("ps", "sos", "comptes", "rendez_vous"),
}
PERIODE_S = 60
GRISE_S = 300
PEREMPTION_S = 900


def main(arguments: Sequence[str] | None = None) -> int:
    analyseur = argparse.ArgumentParser(prog="donnees")
    analyseur.add_argument("--dossier", type=Path, required=True)
    analyseur.add_argument("editeurs", nargs="+", metavar="CODE=URL")
    options = analyseur.parse_args(arguments)
    if os.environ.get("ENVIRONNEMENT", "demo") != "demo":
        print("Données de démonstration : refusées hors de ENVIRONNEMENT=demo.")
        return 2
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sas_platform.settings")
    django.setup()
    options.dossier.mkdir(parents=True, exist_ok=True)
    preparer(options.dossier, dict(mot.split("=", 1) for mot in options.editeurs))
    return 0


def preparer(dossier: Path, adresses: dict[str, str]) -> None:
    """Raccorde des généralistes sans agenda saisi ici aux éditeurs, et donne leurs comptes aux personas."""
    from django.db import transaction
    from django.utils import timezone

    from agenda.editeurs.raccordements import raccorder, raccorder_associations
    from agenda.models import Raccordement
    from sas_platform.demo.acces import preparer_acces
    from sas_platform.demo.agendas import preparer_agendas
    from sas_platform.demo.clients import clients
    from sas_platform.demo.personas import creer_comptes
    from sas_platform.demo.pilotage import mesurer_les_mois, raconter_les_mois
    from sas_platform.demo.remunerations import preparer_remunerations

    with transaction.atomic():
        editeurs = [_editeur(code, url) for code, url in adresses.items()]
        if not Raccordement.objects.filter(editeur__in=editeurs).exists():
            disponibles = iter(_sans_agenda_saisi())
            for editeur in editeurs:
                choisis = [pk for pk, _ in zip(disponibles, range(PART[editeur.code]), strict=False)]
                raccorder(editeur, choisis, timezone.now())
                _declarer_le_logiciel(editeur, choisis)
        for editeur in editeurs:
            associations = Raccordement.objects.filter(editeur=editeur, structure__isnull=False)
            if "sos" in FLUX[editeur.code] and not associations.exists():
                raccorder_associations(editeur, confier_les_associations(), timezone.now())
        identites = _identites(editeurs[0])
        nommer(identites)
        comptes, maintenant = creer_comptes(identites), timezone.now()
        preparer_acces(comptes, maintenant)
        # Après les périmètres, qui commencent à l’instant : sans eux, aucun gestionnaire à prévenir.
        preparer_agendas(comptes, timezone.now())
        raconter_les_mois(maintenant)
        preparer_remunerations(comptes, maintenant)
        mesurer_les_mois(maintenant)
    for editeur in editeurs:
        _ecrire(dossier / f"{editeur.code}.json", clients(editeur, maintenant))
    _ecrire(dossier / "identites.json", identites)


def _declarer_le_logiciel(editeur: "Editeur", effecteurs: list[int]) -> None:
    """Ceux d’entre eux qui participent disent ce logiciel : sans cela, ses créneaux seraient masqués (A-06)."""
    from participation.models import Participation

    Participation.objects.filter(effecteur__in=effecteurs, participe=True, utilise_logiciel=False).update(
        utilise_logiciel=True, logiciels=[editeur.code], refuse_affichage=False, declare_deux_heures=False
    )


def _editeur(code: str, url: str) -> "Editeur":
    from agenda.enums import Environnement
    from agenda.models import Editeur
    from sas_platform.demo.certificats import OU, SYSTEME, cn_de

    editeur, _ = Editeur.objects.update_or_create(
        code=code,
        defaults={
            "nom": NOMS[code],
            "url_base": f"{url}/fhir",
            "hotes_reservation": ["127.0.0.1"],
            "periode_s": PERIODE_S,
            "grise_s": GRISE_S,
            "peremption_s": PEREMPTION_S,
            "est_actif": True,
            "environnement": Environnement.DEMONSTRATION,
            "flux": list(FLUX[code]),
            "url_place_de_marche": f"{url}/place-de-marche",
            "cn": cn_de(code),
            "ou": OU,
            "systemes_rendez_vous": [f"{SYSTEME}{code}"],
        },
    )
    return editeur


def _sans_agenda_saisi() -> list[int]:
    """Généralistes actifs dont aucun lieu n’a de disponibilité saisie : leur agenda est chez un éditeur.

    Pris dans un ordre qui mêle les départements, pour qu’on en trouve partout.
    """
    from django.db.models import Exists, F, OuterRef, Window
    from django.db.models.functions import RowNumber

    from agenda.models import Disponibilite
    from annuaire.models import Effecteur, LieuExercice

    saisi = Disponibilite.objects.filter(lieu__effecteur=OuterRef("pk"))
    premier_lieu = LieuExercice.objects.filter(effecteur=OuterRef("pk"), est_actif=True).order_by("pk")
    rang = Window(RowNumber(), partition_by=F("departement"), order_by=F("pk").asc())
    return list(
        Effecteur.objects.filter(~Exists(saisi), est_actif=True, savoir_faire__contains=[GENERALISTE])
        .annotate(departement=premier_lieu.values("commune__departement")[:1])
        .filter(departement__isnull=False)
        .annotate(rang=rang)
        .order_by("rang", "pk")
        .values_list("pk", flat=True)
    )


def confier_les_associations() -> list[int]:
    """Associations SOS Médecins dont l’agenda est chez un éditeur : ce qu’elles avaient saisi ici s’en va.

    La première de chaque département garde le sien : il faut montrer les deux.
    """
    from django.db.models import F, Window
    from django.db.models.functions import RowNumber

    from agenda.models import Disponibilite, Reservation
    from annuaire.enums import TypeStructure
    from annuaire.models import Structure
    from participation.models import ParticipationStructure

    participantes = ParticipationStructure.objects.filter(participe=True).values("structure")
    rang = Window(RowNumber(), partition_by=F("commune__departement"), order_by=F("pk").asc())
    associations = Structure.objects.filter(
        type=TypeStructure.SOS, est_active=True, pk__in=participantes
    ).annotate(rang=rang)
    confiees = list(associations.filter(rang__gt=1).order_by("pk").values_list("pk", flat=True))
    saisies = Disponibilite.objects.filter(lieu__structure__in=confiees, lieu__effecteur=None)
    saisies.exclude(pk__in=Reservation.objects.values("disponibilite")).delete()
    return confiees


def _identites(editeur: "Editeur") -> dict[str, str]:
    """Identifiant national de l’effecteur que joue chaque persona effecteur.

    Celui qu’elle jouait déjà, s’il est encore là : ce qu’elle a déclaré ou
    effacé entre-temps n’en fait pas une autre personne.
    """
    from django.db.models import Count, Q

    from agenda.models import Disponibilite, Raccordement
    from annuaire.models import Effecteur
    from comptes.models import Compte
    from participation.models import Participation
    from sas_platform.demo.personas import PAR_CLE

    participants = Participation.objects.filter(participe=True).values("effecteur")
    avec_agenda = Disponibilite.objects.values("lieu__effecteur")
    raccordes = Raccordement.objects.filter(editeur=editeur).values("effecteur")
    montres = Participation.objects.filter(utilise_logiciel=True, refuse_affichage=False).values("effecteur")
    generalistes = Effecteur.objects.filter(
        est_actif=True, savoir_faire__contains=[GENERALISTE], pk__in=participants
    ).order_by("pk")
    en_ville = Count("lieux", filter=Q(lieux__est_actif=True, lieux__structure=None))
    choix = {
        "effecteur": generalistes.filter(pk__in=avec_agenda)
        .exclude(pk__in=raccordes)
        .annotate(nombre=en_ville)
        .order_by("-nombre", "pk"),
        "effecteur-interface": generalistes.filter(pk__in=raccordes).filter(pk__in=montres),
    }
    identites = {}
    for cle, candidats in choix.items():
        compte = Compte.objects.filter(email=PAR_CLE[cle].email).values("identifiant_national")
        joue = Effecteur.objects.filter(identifiant_national__in=compte).first() or candidats.first()
        if joue is not None:
            identites[cle] = joue.identifiant_national
    return identites


def nommer(identites: Mapping[str, str]) -> None:
    """Donne à l’effecteur que joue une persona le nom de celle-ci : la même personne à la connexion et à l’écran."""
    from annuaire.models import Effecteur
    from sas_platform.demo.personas import PAR_CLE
    from sas_platform.socle.textes import normaliser

    for cle, identifiant in identites.items():
        prenom, nom = PAR_CLE[cle].prenom, PAR_CLE[cle].nom
        Effecteur.objects.filter(identifiant_national=identifiant).update(
            prenom=prenom, nom=nom.upper(), nom_recherche=normaliser(f"{prenom} {nom}")
        )


def _ecrire(fichier: Path, contenu: object) -> None:
    brouillon = fichier.with_suffix(".nouveau")
    brouillon.write_text(json.dumps(contenu, ensure_ascii=False))
    brouillon.replace(fichier)


if __name__ == "__main__":
    raise SystemExit(main())
