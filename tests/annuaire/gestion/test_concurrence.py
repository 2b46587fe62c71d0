"""Deux gestionnaires à la fois : un seul compte, et l’autre l’apprend."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections
from django.test import Client

from comptes.models import Compte, Courriel
from tests.annuaire.factories import habiliter
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.django_db(transaction=True)


def ensemble(clients: list[Client], adresse: str, saisies: list[dict[str, object]]) -> list[object]:
    """Envoie les saisies au même instant, chacune dans son fil et sa connexion."""
    depart = Barrier(len(clients))

    def envoyer(client: Client, saisie: dict[str, object]) -> object:
        try:
            depart.wait(10)
            return client.post(adresse, saisie)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(clients)) as fils:
        return list(fils.map(envoyer, clients, saisies))


@pytest.fixture
def equipe(monde, client_de) -> list[Client]:
    clients = []
    for nom in ("Deux", "Trois", "Quatre"):
        compte = CompteFactory(nom=nom)
        habiliter(compte, "gestionnaire_comptes", territoire=monde.nord)
        clients.append(client_de(compte))
    return [client_de(monde.gestionnaire), *clients]


@pytest.mark.parametrize(
    ("commun", "message"),
    [
        pytest.param({"email": "course@exemple.invalid"}, "Un compte porte déjà cette adresse", id="adresse"),
        pytest.param({"identifiant": "10000000077"}, "est déjà utilisé par un autre compte", id="numéro"),
    ],
)
def test_la_meme_personne_creee_par_plusieurs_a_la_fois_n_a_qu_un_compte(monde, equipe, commun, message):
    saisies = [
        {
            "email": f"course{rang}@exemple.invalid",
            "nom": "Course",
            "prenom": "Rapide",
            "homonyme": "on",
            "roles": ["osnp"],
            "territoires_osnp": [monde.nord.pk],
            **commun,
        }
        for rang in range(len(equipe))
    ]

    reponses = ensemble(equipe, "/comptes/creer/", saisies)

    assert sorted(reponse.status_code for reponse in reponses) == [200, 200, 200, 302]
    compte = Compte.objects.get(nom="Course")
    assert Courriel.objects.filter(compte=compte).count() == 1
    for reponse in reponses:
        if reponse.status_code == 200:
            assert message in reponse.content.decode()


def test_deux_modifications_au_meme_instant_ne_s_ecrasent_pas(monde, equipe):
    adresse = f"/comptes/{monde.osnp.pk}/modifier/"
    saisies = []
    for champ, valeur, client in (("nom", "Un", equipe[0]), ("prenom", "Deux", equipe[1])):
        contexte = client.get(adresse).context
        form = contexte["form"]
        donnees = {nom: form[nom].value() for nom in form.fields if form[nom].value()}
        saisies.append(donnees | {"etat_lu": contexte["etat_lu"], champ: valeur})

    reponses = ensemble(equipe[:2], adresse, saisies)

    assert sorted(reponse.status_code for reponse in reponses) == [200, 302]
    (perdante,) = [reponse for reponse in reponses if reponse.status_code == 200]
    assert "Quelqu’un a modifié ce compte" in perdante.content.decode()
