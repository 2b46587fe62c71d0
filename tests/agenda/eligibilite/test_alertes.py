from datetime import UTC, datetime, time, timedelta

import pytest

from agenda.eligibilite.alertes import alerter
from comptes.models import Courriel
from tests.agenda.factories import LUNDI, DisponibiliteFactory
from tests.annuaire.factories import EffecteurFactory, LieuExerciceFactory
from tests.comptes.factories import CompteFactory
from tests.participation.factories import ParticipationFactory

pytestmark = pytest.mark.django_db

VENDREDI = datetime(2026, 10, 30, 8, 17, tzinfo=UTC)


def inscrire(fin: time | None, *, email: str = "medecin@exemple.invalid", **participation):
    """Un effecteur qui a un compte et montre, chaque lundi, de 9 h à `fin`."""
    compte = CompteFactory(effecteur=True, email=email)
    lieu = LieuExerciceFactory(effecteur=EffecteurFactory(identifiant_national=compte.identifiant_national))
    ParticipationFactory(effecteur=lieu.effecteur, **participation)
    if fin:
        DisponibiliteFactory(lieu=lieu, hebdomadaire=True, plage=True, heure_debut=time(9), heure_fin=fin)
    return compte


def test_qui_montrera_moins_de_deux_heures_est_prevenu_une_fois_par_semaine():
    compte = inscrire(time(10, 30))

    assert alerter(VENDREDI).nombre == 1
    assert alerter(VENDREDI + timedelta(days=1)).nombre == 0

    courriel = Courriel.objects.get()
    assert (courriel.compte, courriel.destinataire) == (compte, compte.email)
    assert f"lundi {LUNDI.day} novembre 2026" in courriel.corps_texte
    assert "1\u00a0h\u00a030 de disponibilité" in courriel.corps_texte
    assert "/tableau-de-bord/" in courriel.corps_html
    Courriel.objects.update(cree_le=VENDREDI)
    assert alerter(VENDREDI + timedelta(weeks=1)).nombre == 1


@pytest.mark.parametrize(
    ("fin", "reglages"),
    [
        pytest.param(time(11), {}, id="deux heures tout juste"),
        pytest.param(None, {"interface": True}, id="interfacé et montré"),
        pytest.param(None, {"via_sos": True, "utilise_logiciel": None}, id="SOS Médecins"),
        pytest.param(None, {"refus": True}, id="ne participe pas"),
        pytest.param(None, {"email": None}, id="sans adresse"),
    ],
)
def test_les_autres_ne_recoivent_rien(fin, reglages):
    inscrire(fin, **reglages)

    assert alerter(VENDREDI).nombre == 0
    assert not Courriel.objects.exists()


def test_qui_n_a_rien_declare_du_tout_est_prevenu_aussi():
    inscrire(None)

    assert alerter(VENDREDI).nombre == 1
    assert "0\u00a0min de disponibilité" in Courriel.objects.get().corps_texte


def test_qui_refuse_l_affichage_de_son_logiciel_doit_ses_deux_heures():
    inscrire(time(9, 30), sans_affichage=True)

    assert alerter(VENDREDI).nombre == 1


def test_le_nombre_de_requetes_ne_suit_pas_celui_des_effecteurs_en_regle(compter_requetes):
    inscrire(time(11))
    avec_un = compter_requetes(lambda: alerter(VENDREDI))

    for rang in range(4):
        inscrire(time(11), email=f"medecin{rang}@exemple.invalid")

    assert compter_requetes(lambda: alerter(VENDREDI)) == avec_un
