"""Ce que le régulateur lit de ce qui est revenu : libellés, heures du lieu, départs, rendez-vous sans acte."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime

import pytest
from django.urls import reverse

from orientation.enums import Rattachement, StatutRendezVous
from orientation.models import RendezVous
from orientation.retention import pseudonyme_de, pseudonymiser_les_regulateurs
from tests.annuaire.factories import EffecteurFactory, LieuExerciceFactory
from tests.orientation.factories import OrientationFactory, RedirectionFactory, RendezVousFactory

pytestmark = pytest.mark.django_db
HEURE = datetime(2026, 11, 2, 8, tzinfo=UTC)


@pytest.fixture
def lire(connecte, maintenant):
    def page(url: str = "/orientations/") -> str:
        texte = re.sub(r"<[^>]+>", " ", connecte.get(url).content.decode())
        return re.sub(r"\s+", " ", html.unescape(texte))

    return page


@pytest.fixture
def depart(osnp, maintenant):
    return RedirectionFactory(acteur=osnp, le=maintenant)


def revenu(depart, **champs):
    return RendezVousFactory(
        **{
            "editeur": depart.editeur,
            "redirection": depart,
            "rattachement": Rattachement.DEPART,
            "regulateur": depart.acteur,
            "lieu": depart.lieu,
            "effecteur": depart.lieu.effecteur,
        }
        | champs
    )


@pytest.mark.parametrize("statut", StatutRendezVous)
def test_chaque_statut_se_lit_en_francais_sous_son_depart(lire, depart, statut):
    revenu(depart, statut=statut)

    page = lire()

    assert f"{statut.label} lundi 2 novembre 2026 à 9 h" in page
    assert str(depart.lieu.effecteur) in page
    assert depart.editeur.nom in page


def test_un_depart_sans_retour_le_dit(lire, depart):
    assert "Pas de rendez-vous annoncé par l’éditeur." in lire()


def test_les_heures_sont_celles_du_lieu(lire, osnp, maintenant):
    reunion = LieuExerciceFactory(reunion=True)
    depart = RedirectionFactory(acteur=osnp, le=maintenant, lieu=reunion)
    revenu(depart)

    page = lire()

    assert "Rendez-vous confirmé par l’éditeur lundi 2 novembre 2026 à 12 h" in page
    assert "annoncé le lundi 2 novembre 2026 à 11 h" in page


def test_un_autre_professionnel_que_celui_du_depart_est_nomme(lire, depart):
    revenu(depart, effecteur=EffecteurFactory(nom="DUPONT", prenom="Camille"), lieu=None)

    assert "avec Camille DUPONT" in lire()


def test_un_retour_d_hier_change_aujourd_hui_revient_dans_la_liste(lire, osnp, maintenant):
    hier = RedirectionFactory(acteur=osnp, le=datetime(2026, 10, 30, 9, tzinfo=UTC))
    assert str(hier.lieu.effecteur) not in lire()

    revenu(hier, statut=StatutRendezVous.ABSENT, modifie_le=maintenant)
    assert "Patient absent au rendez-vous" in lire()


def test_une_orientation_montre_son_rendez_vous_dans_la_liste_et_sur_sa_page(lire, osnp, maintenant):
    orientation = OrientationFactory(surnumeraire=True, acteur=osnp, prise_le=maintenant, debut=HEURE)
    RendezVousFactory(
        orientation=orientation, rattachement=Rattachement.ORIENTATION, regulateur=osnp, lieu=orientation.lieu
    )

    url = reverse("orientation:orientation", kwargs={"uuid": orientation.uuid})
    for page in (lire(), lire(url)):
        assert "Rendez-vous confirmé par l’éditeur lundi 2 novembre 2026 à 9 h" in page


def test_un_rendez_vous_sans_acte_ou_ambigu_reste_visible(lire, osnp):
    RendezVousFactory(regulateur=osnp, effecteur_identifiant="810100050075")
    RendezVousFactory(regulateur=osnp, rattachement=Rattachement.AMBIGU)

    page = lire()

    assert "Rendez-vous sans départ retrouvé" in page
    assert "Professionnel inconnu de l’annuaire" in page
    assert "Plusieurs départs possibles." in page


def test_les_rendez_vous_d_un_autre_ne_se_voient_pas(lire, maintenant):
    revenu(RedirectionFactory(le=maintenant))
    RendezVousFactory()

    page = lire()
    assert "Départs vers un éditeur" not in page
    assert "Rendez-vous sans départ retrouvé" not in page


def test_la_liste_ne_fait_pas_une_requete_par_rendez_vous(
    connecte, depart, osnp, compter_requetes, maintenant
):
    revenu(depart)
    RendezVousFactory(regulateur=osnp)
    connecte.get("/orientations/")
    avec_peu = compter_requetes(lambda: connecte.get("/orientations/"))

    for _ in range(4):
        revenu(RedirectionFactory(acteur=osnp, le=maintenant))
        RendezVousFactory(regulateur=osnp)

    assert compter_requetes(lambda: connecte.get("/orientations/")) == avec_peu


def test_au_terme_le_regulateur_connu_ou_non_n_est_plus_nomme(osnp):
    connu = RendezVousFactory(regulateur=osnp)
    inconnu = RendezVousFactory()

    pseudonymiser_les_regulateurs(RendezVous.objects.all())

    for rendez_vous, pseudonyme in ((connu, pseudonyme_de(osnp.pk)), (inconnu, "")):
        rendez_vous.refresh_from_db()
        assert (rendez_vous.regulateur, rendez_vous.regulateur_identifiant) == (None, "")
        assert rendez_vous.pseudonyme == pseudonyme
