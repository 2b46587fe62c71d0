"""Messages hostiles tirés au hasard : jamais une panne, jamais une écriture à moitié ; et l’ordre des messages."""

from __future__ import annotations

import copy
import json
import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DatabaseError, connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comptes.models import Trace
from orientation.models import EtatRendezVous, RendezVous
from orientation.rendez_vous.actions import recevoir
from orientation.rendez_vous.message import Cle, lire
from tests.orientation.rendez_vous.conftest import SYSTEME, VALEUR, designe, message, participant

TEXTES = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["", " ", "\x00", "<script>", "Patient/1", "booked", "9" * 400, "🩺", "‮", "null"]),
)
VALEURS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), TEXTES),
    lambda enfants: st.one_of(st.lists(enfants, max_size=3), st.dictionaries(TEXTES, enfants, max_size=3)),
    max_leaves=6,
)


def chemins(valeur: Any, debut: tuple = ()) -> list[tuple]:
    trouves = [debut] if debut else []
    enfants = (
        valeur.items() if isinstance(valeur, dict) else enumerate(valeur) if isinstance(valeur, list) else ()
    )
    for cle, enfant in enfants:
        trouves += chemins(enfant, (*debut, cle))
    return trouves


MODELE = message() | {
    "participant": [participant("810100050075"), {"actor": {"reference": "Patient/1"}, "status": "accepted"}],
    "contained": [{"resourceType": "Patient", "id": "p"}],
}
MODELE["meta"]["lastUpdated"] = "2026-11-02T06:00:00Z"
CHEMINS = chemins(MODELE)


@st.composite
def messages(tirer) -> dict[str, Any]:
    """Un bon message dont un à trois éléments, n’importe où, sont remplacés ou retirés."""
    corps = copy.deepcopy(MODELE)
    for chemin in tirer(st.lists(st.sampled_from(CHEMINS), min_size=1, max_size=3)):
        cible: Any = corps
        try:
            for cle in chemin[:-1]:
                cible = cible[cle]
            if tirer(st.booleans()):
                cible[chemin[-1]] = tirer(VALEURS)
            else:
                del cible[chemin[-1]]
        except (KeyError, IndexError, TypeError):
            continue  # l’élément a déjà disparu
    return corps


@pytest.mark.django_db
@pytest.mark.usefixtures("maintenant")
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(corps=messages(), methode=st.sampled_from(["POST", "PUT"]), avec_requete=st.booleans())
def test_un_message_abime_n_est_ni_une_panne_ni_une_ecriture_a_moitie(
    client, envoyer, corps, methode, avec_requete
):
    client.raise_request_exception = False
    avant = RendezVous.objects.count(), EtatRendezVous.objects.count(), Trace.objects.count()

    reponse = envoyer(corps, methode, designe() if avec_requete else "")

    assert reponse.status_code in (200, 201, 400, 422, 429)
    apres = RendezVous.objects.count(), EtatRendezVous.objects.count(), Trace.objects.count()
    if reponse.status_code >= 400:
        assert apres == avant
        assert json.loads(reponse.content)["resourceType"] == "OperationOutcome"
    else:
        assert "Location" in reponse.headers
        assert apres[0] - avant[0] <= apres[1] - avant[1] <= 1


@pytest.mark.django_db
@pytest.mark.usefixtures("maintenant")
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(octets=st.one_of(st.binary(max_size=60), VALEURS.map(lambda valeur: json.dumps(valeur).encode())))
def test_des_octets_quelconques_sont_un_400(client, envoyer, octets):
    client.raise_request_exception = False

    assert envoyer(octets).status_code in (400, 429)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ordre=st.permutations(range(4)), doublons=st.lists(st.integers(0, 3), max_size=3))
@pytest.mark.django_db
def test_dates_les_messages_donnent_le_meme_etat_dans_tout_ordre(editeur, ordre, doublons):
    """Quatre versions datées, une par minute : la dernière gagne, quel que soit l’ordre d’arrivée."""
    valeur = f"rdv-{RendezVous.objects.count()}"
    versions = [
        lire(json.dumps(message(status=statut, meta={"lastUpdated": f"2026-11-02T06:0{rang}:00Z"})).encode())
        for rang, statut in enumerate(["pending", "booked", "cancelled", "noshow"])
    ]

    for rang in [*ordre, *doublons]:
        reception = recevoir(
            editeur=editeur,
            cle=Cle(SYSTEME, valeur),
            lu=versions[rang],
            est_creation=rang == 0,
            maintenant=datetime(2026, 11, 2, 7, tzinfo=UTC),
        )

    dernier = RendezVous.objects.get(valeur=valeur)
    assert dernier.statut == "noshow"
    assert reception.rendez_vous.pk == dernier.pk


@pytest.mark.django_db(transaction=True)
def test_deux_premieres_annonces_simultanees_n_en_font_qu_une(editeur):
    lu = lire(json.dumps(message()).encode())
    depart = threading.Barrier(3, timeout=10)
    rendus: list[Any] = []

    def annoncer() -> None:
        try:
            depart.wait()
            rendus.append(
                recevoir(
                    editeur=editeur,
                    cle=Cle(SYSTEME, VALEUR),
                    lu=lu,
                    est_creation=True,
                    maintenant=datetime(2026, 11, 2, 7, tzinfo=UTC),
                )
            )
        except Exception as erreur:
            rendus.append(erreur)
        finally:
            connections.close_all()

    fils = [threading.Thread(target=annoncer) for _ in range(3)]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join(20)

    assert sorted(recu.est_cree for recu in rendus) == [False, False, True]
    assert len({recu.rendez_vous.pk for recu in rendus}) == 1
    assert EtatRendezVous.objects.count() == 1


@pytest.mark.django_db
def test_l_histoire_ne_se_recrit_pas(envoyer):
    envoyer(message())
    for geste in (
        lambda: EtatRendezVous.objects.update(statut="noshow"),
        EtatRendezVous.objects.all().delete,
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            geste()
