"""La carte en HTML : tout ce qui vient de dehors est échappé, et chacun n’y voit que ce qui le concerne."""

import re
from dataclasses import fields

import pytest
from django.utils.safestring import SafeString

from agenda.offre import CarteAdresse
from orientation import rendu
from orientation.lectures import Offre
from tests.orientation.conftest import LUNDI_8H

CARTE = {
    "lieu_id": 1,
    "ancre": "offre-l1",
    "titre": "Camille MARTIN",
    "sous_titre": "Médecin",
    "details": "Secteur 1",
    "adresse": "1 rue Nationale, 59000 Lille",
    "telephone": "03 20 00 00 00",
    "telephone_lien": "+33320000000",
    "distance": "1,2 km",
    "raison": "Participe au SAS",
    "infos_debut": "",
    "infos": "Deuxième étage",
    "est_libre": True,
    "participe": True,
    "en_sus": True,
    "lien_en_sus": "/orienter/en-sus/l1/",
    "jours": SafeString('<div class="sas-jour"></div>'),
    "fuseau_autre": False,
}


def html(
    *, oriente: bool = True, oriente_en_sus: bool = True, signaux: tuple[str, ...] = (), **champs: object
) -> str:
    return rendu.liste(
        [rendu.Carte(**CARTE | champs)],  # type: ignore[arg-type]
        oriente=oriente,
        oriente_en_sus=oriente_en_sus,
        signaux={1: signaux, 2: ("d’un autre lieu",)},
    )


@pytest.fixture
def generaliste_offert() -> Offre:
    lieu = CarteAdresse(
        id="l1",
        nom="",
        adresse="1 rue Nationale",
        code_postal="59000",
        commune="Lille",
        commune_insee="59350",
        lat=50.63,
        lon=3.06,
        fuseau="Europe/Paris",
        telephone="",
        informations="",
        precision="",
    )
    return Offre(
        id="l1",
        groupe=4,
        raison_du_rang="",
        distance_km=1.2,
        effecteur=None,
        structure=None,
        lieu=lieu,
        participe=False,
        en_sus=False,
        creneaux=[],
    )


def test_les_signaux_d_un_lieu_vont_sur_sa_carte_echappes():
    page = html(signaux=("Absent", "<b>Place tenue</b>"))

    assert re.findall('<p class="sas-carte__signal">(.*?)</p>', page) == [
        "Absent",
        "&lt;b&gt;Place tenue&lt;/b&gt;",
    ]


def test_la_carte_entiere():
    entiere = re.sub(r'data-version="[0-9a-f]{8}"', 'data-version="00000000"', html())
    assert entiere == (
        '<ul class="sas-cartes"><li>'
        '<article class="sas-carte" id="offre-l1" aria-labelledby="offre-l1-titre" data-version="00000000">'
        '<div class="sas-carte__identite">'
        '<h3 class="sas-carte__titre" id="offre-l1-titre">Camille MARTIN</h3>'
        '<p class="fr-badge fr-badge--success fr-badge--no-icon fr-badge--sm">Participe au SAS</p> '
        '<p class="fr-badge fr-badge--info fr-badge--no-icon fr-badge--sm">Accepte des patients en sus</p> '
        '<p class="sas-carte__profession">Médecin</p>'
        '<p class="sas-carte__details">Secteur 1</p>'
        '<p class="sas-carte__adresse">1 rue Nationale, 59000 Lille '
        '<strong class="sas-carte__distance">1,2 km</strong></p>'
        '<p><a class="fr-link fr-icon-phone-line fr-link--icon-left" href="tel:+33320000000">'
        '<span class="fr-sr-only">Appeler Camille MARTIN, </span>03 20 00 00 00</a></p>'
        '<p class="sas-infos">Deuxième étage</p>'
        '<p class="sas-carte__raison"><span class="fr-sr-only">Place dans la liste : </span>Participe au SAS</p>'
        "</div>"
        '<div class="sas-carte__agenda"><div class="sas-jours"><div class="sas-jour"></div></div>'
        '<a class="fr-btn fr-btn--secondary fr-btn--sm" href="/orienter/en-sus/l1/">'
        'Orientation hors disponibilité<span class="fr-sr-only"> vers Camille MARTIN</span></a>'
        "</div></article></li></ul>"
    )


TEXTES = [champ.name for champ in fields(rendu.Carte) if champ.type == "str"]


@pytest.mark.parametrize("champ", TEXTES)
@pytest.mark.parametrize("autres", [{}, {"infos_debut": "Deuxième…"}], ids=["infos courtes", "infos longues"])
def test_aucun_texte_ne_devient_du_balisage(champ, autres):
    ecrit = html(**autres | {champ: "<b class='x' id=\"y\">&"})

    assert "<b" not in ecrit
    assert "'x'" not in ecrit
    assert '"y"' not in ecrit
    assert "&lt;b class=&#x27;x&#x27; id=&quot;y&quot;&gt;&amp;" in ecrit


def test_ce_qui_manque_n_est_pas_ecrit():
    vides = {champ: "" for champ in TEXTES if champ not in ("ancre", "titre")}

    ecrit = html(**vides, participe=False, en_sus=False, est_libre=False)

    assert "tel:" not in ecrit
    assert "<p></p>" not in ecrit
    assert "fr-badge" not in ecrit
    assert "Place dans la liste" not in ecrit
    assert "hors disponibilité" not in ecrit
    assert "Aucun créneau libre dans les 3 jours." in ecrit


def test_les_informations_longues_se_deplient():
    ecrit = html(infos_debut="Deuxième…")

    assert '<details class="sas-infos">' in ecrit
    assert ecrit.index("Deuxième…") < ecrit.index("Voir plus") < ecrit.index("Deuxième étage")


def test_les_informations_sont_a_qui_oriente():
    assert "Deuxième étage" not in html(oriente=False)


def test_l_orientation_en_sus_est_a_la_regulation():
    assert "en-sus" not in html(oriente_en_sus=False)


def test_sans_carte_il_n_y_a_pas_de_liste():
    assert rendu.liste([], oriente=True, oriente_en_sus=True) == ""


def test_la_version_d_une_carte_change_avec_ce_qui_bouge_et_lui_seul():
    def version(**champs: object) -> str:
        return re.search(r'data-version="([0-9a-f]{8})"', html(**champs))[1]

    assert version(jours=SafeString("autre")) != version()
    assert version(raison="Autre") != version()
    assert version(en_sus=False) != version()
    assert version(infos="Autre", distance="9 km") == version()


LIEN = "https://itineraire.exemple.invalid/?vers={lat},{lon}&nom={adresse}"


def test_l_itineraire_ne_porte_que_le_lieu_d_exercice(settings, generaliste_offert):
    settings.ITINERAIRE_LIEN = LIEN

    (carte,) = rendu.cartes([generaliste_offert], maintenant=LUNDI_8H, jeton="j", oriente=True)

    assert carte.itineraire == (
        "https://itineraire.exemple.invalid/?vers=50.63000,3.06000&nom=1%20rue%20Nationale%2C%2059000%20Lille"
    )
    ouvert = html(itineraire=carte.itineraire)
    assert 'rel="noopener noreferrer"' in ouvert
    assert 'Itinéraire<span class="fr-sr-only"> vers Camille MARTIN (nouvel onglet)' in ouvert


def test_sans_site_configure_il_n_y_a_pas_de_lien_d_itineraire(settings, generaliste_offert):
    settings.ITINERAIRE_LIEN = ""

    (carte,) = rendu.cartes([generaliste_offert], maintenant=LUNDI_8H, jeton="j", oriente=True)

    assert carte.itineraire == ""
    assert "Itinéraire" not in html(itineraire="")
