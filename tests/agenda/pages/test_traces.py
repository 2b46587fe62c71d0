"""Lire l’agenda d’autrui laisse une trace, une par jour ; lire le sien n’en laisse pas."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from annuaire.models import Delegation
from comptes.enums import Role
from comptes.models import Habilitation, Trace
from tests.agenda.factories import DisponibiliteFactory
from tests.agenda.pages.conftest import MARDI
from tests.annuaire.factories import LieuExerciceFactory, StructureFactory, habiliter
from tests.comptes.factories import DEBUT, CompteFactory

pytestmark = pytest.mark.django_db


def lectures() -> list[tuple[int, str]]:
    return list(Trace.objects.filter(verbe="agenda.lu").order_by("pk").values_list("acteur_id", "objet"))


def pages(lieu) -> dict[str, str]:
    """Toutes celles qui montrent l’agenda d’un lieu."""
    ligne = DisponibiliteFactory(lieu=lieu, plage=True, premier_jour=MARDI)
    occurrence = {"lieu_id": lieu.pk, "disponibilite_id": ligne.pk, "jour": MARDI}
    du_lieu = {"lieu_id": lieu.pk}
    noms = ("semaine", "imprimer", "ouvrir", "semaines", "indisponibilites")
    semaine = reverse("agenda:semaine", kwargs=du_lieu)
    return {nom: reverse(f"agenda:{nom}", kwargs=du_lieu) for nom in noms} | {
        "jour": f"{semaine}?vue=jour&jour={MARDI}",
        "modifier": reverse("agenda:modifier", kwargs=occurrence),
        "retirer": reverse("agenda:retirer", kwargs=occurrence),
        "vu": reverse("vu:lieu", kwargs=du_lieu),
        "externes": reverse("echanges:externes", kwargs=du_lieu),
    }


PAGES = (
    *("semaine", "imprimer", "ouvrir", "semaines", "indisponibilites"),
    *("jour", "modifier", "retirer", "vu", "externes"),
)


@pytest.mark.parametrize("page", PAGES)
def test_chaque_page_de_l_agenda_d_autrui_laisse_une_trace(client, secretaire, lieu, page):
    client.force_login(secretaire)

    assert client.get(pages(lieu)[page]).status_code == 200

    assert lectures() == [(secretaire.pk, f"lieu:{lieu.pk}")]


def test_une_seule_ligne_par_personne_par_lieu_et_par_jour(client, secretaire, lieu, heure_fixe):
    autre = LieuExerciceFactory(effecteur=lieu.effecteur)
    Delegation.objects.get(delegataire=secretaire).lieux.add(autre)
    client.force_login(secretaire)

    for adresse in [*pages(lieu).values()] * 2:
        client.get(adresse)
    client.get(reverse("agenda:semaine", kwargs={"lieu_id": autre.pk}))
    assert lectures() == [(secretaire.pk, f"lieu:{lieu.pk}"), (secretaire.pk, f"lieu:{autre.pk}")]

    heure_fixe.shift(dt.timedelta(days=1))
    client.force_login(secretaire)
    client.get(reverse("agenda:semaine", kwargs={"lieu_id": lieu.pk}))
    assert lectures()[2:] == [(secretaire.pk, f"lieu:{lieu.pk}")]


def test_le_medecin_qui_lit_le_sien_n_en_laisse_aucune(client, medecin, lieu):
    client.force_login(medecin)

    for adresse in pages(lieu).values():
        assert client.get(adresse).status_code == 200

    assert lectures() == []


@pytest.mark.parametrize("role", [Role.ADMINISTRATEUR, Role.GESTIONNAIRE_STRUCTURE])
def test_un_gestionnaire_ou_un_administrateur_en_laisse_une(lieu, adresse, role):
    structure = StructureFactory()
    lieu.structure = structure
    lieu.save()
    compte = CompteFactory(role=role if role == Role.ADMINISTRATEUR else None)
    if role == Role.GESTIONNAIRE_STRUCTURE:
        habiliter(compte, role, structure=structure)
    client = Client()
    client.force_login(compte)

    assert client.get(adresse("semaine")).status_code == 200

    assert lectures() == [(compte.pk, f"lieu:{lieu.pk}")]


def test_porter_le_meme_numero_sans_etre_effecteur_n_est_pas_lire_le_sien(client, medecin, lieu, adresse):
    """Le médecin n’exerce plus comme effecteur ; il tient encore l’agenda comme délégataire."""
    Habilitation.objects.filter(compte=medecin).delete()
    medecin = CompteFactory._meta.model.objects.get(pk=medecin.pk)
    Habilitation.objects.create(compte=medecin, role=Role.DELEGATAIRE, debut_le=DEBUT)
    Delegation.objects.create(
        delegataire=medecin,
        effecteur=lieu.effecteur,
        debut_le=DEBUT,
        consentie_le=DEBUT,
        consentie_par=medecin,
    )
    client.force_login(medecin)

    assert client.get(adresse("semaine")).status_code == 200

    assert lectures() == [(medecin.pk, f"lieu:{lieu.pk}")]


def test_un_calendrier_publie_lu_par_la_deleguee_laisse_la_meme_trace(client, secretaire, lieu):
    client.force_login(secretaire)
    page = client.post(reverse("echanges:liens"), {"lieu": ""})
    publie = page.context["adresse"].partition("/agenda/")[2] or page.context["adresse"]
    anonyme = Client()
    chemin = reverse("echanges:calendrier", kwargs={"secret": publie.rstrip("/").split("/")[-2]})

    for _ in range(2):
        assert anonyme.get(chemin).status_code == 200

    assert lectures() == [(secretaire.pk, f"lieu:{lieu.pk}")]
