"""Les courriels de la démonstration se lisent dans le navigateur, gabarit par gabarit."""

import re

import pytest
from django.core.mail import EmailMultiAlternatives

from sas_platform.demo.courriels import exemples
from sas_platform.demo.courriels.boite import GARDES, Boite, lire

pytestmark = pytest.mark.django_db


def message(numero: int = 1) -> EmailMultiAlternatives:
    courriel = EmailMultiAlternatives(
        f"Objet {numero}", "Ouvrez http://127.0.0.1:8000/lien/", to=["a@exemple.invalid"]
    )
    courriel.attach_alternative("<p style='color: red'>Mis en forme</p>", "text/html")
    return courriel


def test_un_courriel_envoye_se_lit_avec_son_lien(client):
    Boite().send_messages([message()])

    liste = client.get("/demo/courriels/").content.decode()
    (chemin,) = re.findall(r'href="(/demo/courriels/[^"]+)"', liste)
    page = client.get(chemin).content.decode()
    html = client.get(f"{chemin}html/")

    assert "Objet 1" in liste
    assert 'href="http://127.0.0.1:8000/lien/"' in page
    assert "Mis en forme" in html.content.decode()
    assert "script-src" not in html.headers["Content-Security-Policy"]
    assert "default-src 'none'" in html.headers["Content-Security-Policy"]


def test_la_boite_garde_les_plus_recents():
    Boite().send_messages([message(n) for n in range(GARDES + 5)])

    assert len(lire()) == GARDES
    assert lire()[0].sujet == f"Objet {GARDES + 4}"


@pytest.mark.parametrize("gabarit", exemples.gabarits())
def test_chaque_gabarit_se_montre_sans_variable_manquante(client, settings, gabarit):
    moteur = settings.TEMPLATES[0]
    settings.TEMPLATES = [moteur | {"OPTIONS": moteur["OPTIONS"] | {"string_if_invalid": "⟦%s⟧"}}]

    texte = client.get(f"/demo/courriels-types/{gabarit}/").content.decode()
    html = client.get(f"/demo/courriels-types/{gabarit}/html/").content.decode()

    assert "⟦" not in texte + html
    assert '<html lang="fr">' in html
    assert "Service d’Accès aux Soins" in texte


@pytest.mark.parametrize(
    "chemin", ["courriels/inconnu/", "courriels-types/../base/", "courriels-types/x/html/"]
)
def test_un_courriel_inconnu_n_existe_pas(client, chemin):
    assert client.get(f"/demo/{chemin}").status_code == 404
