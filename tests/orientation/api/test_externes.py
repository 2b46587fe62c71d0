"""Versements d’un outil territorial : doublons, corrections, refus, et rien d’un patient."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, Phase, given, settings

from comptes.enums import Portee, Role
from comptes.models import Jeton, Trace
from orientation.externes import EtatVersement
from orientation.models import JetonOutil, OrientationExterne
from tests.annuaire.factories import EffecteurFactory, StructureFactory, TerritoireFactory, habiliter
from tests.comptes.factories import CompteFactory, JetonFactory
from tests.orientation.api.test_schema import CONTROLES, _connexion_du_test  # noqa: F401
from tests.orientation.factories import OrientationExterneFactory, OutilTerritorialFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/orientations-externes/"
RPPS = "10001234567"


@pytest.fixture
def effecteur(db):
    return EffecteurFactory(identifiant_national=f"8{RPPS}")


@pytest.fixture
def outil(db):
    return OutilTerritorialFactory(code="outil-nord")


@pytest.fixture
def gestionnaire(outil):
    compte = CompteFactory(email="gestion@exemple.invalid")
    habiliter(compte, Role.GESTIONNAIRE_COMPTES, territoire=outil.territoire)
    return compte


@pytest.fixture
def jeton(gestionnaire, outil) -> Jeton:
    jeton = JetonFactory(
        compte=gestionnaire,
        portees=[Portee.RECHERCHE, Portee.VERSEMENT],
        empreinte=Jeton.empreinte_de("outil"),
    )
    JetonOutil.objects.create(jeton=jeton, outil=outil)
    return jeton


@pytest.fixture
def verser(client, jeton, effecteur, maintenant):
    """`verser({...}, {...})` : les résultats du lot."""

    def envoi(*orientations: Any, corps: Any = None) -> Any:
        return client.post(
            URL,
            {"orientations": list(orientations)} if corps is None else corps,
            content_type="application/json",
            headers={"Authorization": "Bearer outil"},
        )

    return envoi


def une(**champs: Any) -> dict[str, Any]:
    return {
        "cle": "A-1",
        "destinataire": {"type": "rpps", "numero": RPPS},
        "orientee_le": "2026-11-02T07:55:00+01:00",
        "nature": "en_sus",
        "regulateur": "reg_0123456789",
    } | champs


def etats(reponse) -> list[str]:
    assert reponse.status_code == 200, reponse.content
    return [resultat["etat"] for resultat in reponse.json()["resultats"]]


def test_une_orientation_versee_se_garde_au_territoire_de_l_outil(verser, outil, effecteur):
    reponse = verser(une(rendez_vous_le="2026-11-02T10:00:00+01:00"))

    gardee = OrientationExterne.objects.get()
    assert etats(reponse) == [EtatVersement.CREEE]
    assert reponse.json()["resultats"][0]["id"] == str(gardee.uuid)
    assert (gardee.outil, gardee.territoire, gardee.effecteur) == (outil, outil.territoire, effecteur)
    assert gardee.rendez_vous_le == datetime(2026, 11, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(("genre", "numero"), [("finess", "590000001"), ("siret", "12345678901234")])
def test_une_structure_se_reconnait_a_son_finess_ou_a_son_siret(verser, genre, numero):
    structure = StructureFactory(**{genre: numero})

    verser(une(destinataire={"type": genre, "numero": numero}))

    assert OrientationExterne.objects.get().structure == structure


def test_ni_la_cle_ni_le_regulateur_ne_se_gardent_en_clair(verser):
    verser(une(cle="dossier-de-Mme-X"))

    gardee = OrientationExterne.objects.values().get()
    assert "dossier" not in str(gardee)
    assert "reg_0123456789" not in str(gardee)


def test_un_lot_rejoue_ne_compte_qu_une_fois(verser):
    premier, second = verser(une(), une(cle="A-2")), verser(une(), une(cle="A-2"))

    assert etats(second) == [EtatVersement.DEJA_RECUE] * 2
    assert [r["id"] for r in premier.json()["resultats"]] == [r["id"] for r in second.json()["resultats"]]
    assert OrientationExterne.objects.count() == 2


def test_une_version_plus_haute_corrige_et_une_plus_basse_ne_defait_rien(verser):
    verser(une())

    corrige = verser(une(version=2, issue="venu"))
    en_retard = verser(une())

    assert (etats(corrige), etats(en_retard)) == ([EtatVersement.CORRIGEE], [EtatVersement.DEJA_RECUE])
    assert OrientationExterne.objects.get().issue == "venu"


def test_la_meme_version_avec_un_autre_contenu_est_refusee(verser):
    verser(une())

    reponse = verser(une(issue="venu"))

    assert etats(reponse) == [EtatVersement.REFUSEE]
    assert "version" in reponse.json()["resultats"][0]["erreurs"]
    assert OrientationExterne.objects.get().issue == "inconnue"


def test_une_annulation_est_une_version_qui_ne_compte_plus(verser):
    verser(une())

    verser(une(version=2, annulee=True))

    assert not OrientationExterne.objects.comptees().exists()
    assert OrientationExterne.objects.count() == 1


def test_la_meme_cle_deux_fois_dans_un_lot_suit_les_versions(verser):
    assert etats(verser(une(), une(), une(version=2, issue="pas_venu"))) == [
        "creee",
        "deja_recue",
        "corrigee",
    ]
    assert OrientationExterne.objects.get().issue == "pas_venu"


def test_un_refus_n_arrete_pas_les_autres(verser):
    reponse = verser(
        une(nature="autre"),
        une(cle="A-2"),
        "texte",
        une(cle="A-3", destinataire={"type": "rpps", "numero": "10009999999"}),
    )

    assert etats(reponse) == ["refusee", "creee", "refusee", "refusee"]
    resultats = reponse.json()["resultats"]
    assert [r["cle"] for r in resultats] == ["A-1", "A-2", "", "A-3"]
    assert "annuaire" in resultats[3]["erreurs"]["destinataire"][0]


@pytest.mark.parametrize(
    ("champs", "fautif"),
    [
        ({"patient": "Dupont"}, "patient"),
        ({"adresse": "12 rue Nationale"}, "adresse"),
        ({"destinataire": {"type": "rpps", "numero": "1"}}, "destinataire"),
        ({"destinataire": {"type": "rpps", "numero": RPPS, "nom": "X"}}, "destinataire"),
        ({"destinataire": None}, "destinataire"),
        ({"orientee_le": "2026-11-02T07:55:00"}, "orientee_le"),
        ({"orientee_le": "2026-11-02T09:00:00+01:00"}, "orientee_le"),
        ({"orientee_le": "2024-11-02T09:00:00+01:00"}, "orientee_le"),
        ({"orientee_le": "9999-12-31T23:59:59Z"}, "orientee_le"),
        ({"rendez_vous_le": "2026-11-01T09:00:00+01:00"}, "rendez_vous_le"),
        ({"rendez_vous_le": "2027-11-01T09:00:00+01:00"}, "rendez_vous_le"),
        ({"regulateur": "12345678901"}, "regulateur"),
        ({"regulateur": "odile@exemple.invalid"}, "regulateur"),
        ({"regulateur": "Odile Régule"}, "regulateur"),
        ({"cle": "é"}, "cle"),
        ({"cle": "x" * 101}, "cle"),
        ({"version": 0}, "version"),
        ({"issue": "guéri"}, "issue"),
    ],
)
def test_un_champ_mauvais_se_refuse_et_se_nomme(verser, champs, fautif):
    reponse = verser(une(**champs))

    assert etats(reponse) == ["refusee"]
    assert list(reponse.json()["resultats"][0]["erreurs"]) == [fautif]
    assert not OrientationExterne.objects.exists()


def test_une_orientation_nulle_dit_ce_qui_lui_manque(verser):
    (resultat,) = verser(None).json()["resultats"]

    assert resultat["erreurs"]["cle"] == ["Ce champ est obligatoire."]


@pytest.mark.parametrize(
    "corps",
    [
        {},
        [],
        "x",
        {"orientations": []},
        {"orientations": {}},
        {"orientations": [{}] * 101},
        {"orientations": [{}], "patient": "x"},
    ],
    ids=str,
)
def test_un_lot_mal_forme_est_un_400(verser, corps):
    reponse = verser(corps=corps)

    assert (reponse.status_code, reponse.headers["Content-Type"]) == (400, "application/problem+json")


def test_cent_orientations_se_versent_en_peu_de_requetes(verser, compter_requetes):
    un = compter_requetes(lambda: verser(une()))
    cent = compter_requetes(lambda: verser(*(une(cle=f"B-{n}") for n in range(100))))

    assert cent <= un + 1


def test_le_versement_se_trace_sans_rien_de_ce_qu_il_contient(verser, outil, gestionnaire):
    verser(une(), une(cle="A-2"))
    verser(une())

    trace = Trace.objects.get(verbe="orientations_externes.versees")
    assert (trace.acteur, trace.objet) == (gestionnaire, f"outil:{outil.pk}")
    assert trace.details == {"creees": 2, "corrigees": 0}


# --- Qui ------------------------------------------------------------------------


def appeler(client, secret: str = "outil"):
    return client.post(
        URL,
        {"orientations": [une()]},
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )


def test_sans_jeton_c_est_un_401(client, db):
    assert client.post(URL, {}, content_type="application/json").status_code == 401


def test_une_session_ne_verse_pas(client, gestionnaire):
    client.force_login(gestionnaire)
    client.handler.enforce_csrf_checks = False

    assert client.post(URL, {}, content_type="application/json").json()["code"] == "outil_inconnu"


def test_un_jeton_sans_la_portee_ne_verse_pas(client, gestionnaire, effecteur):
    JetonFactory(compte=gestionnaire, portees=[Portee.RECHERCHE], empreinte=Jeton.empreinte_de("autre"))

    assert appeler(client, "autre").status_code == 403


def test_un_jeton_qui_n_est_celui_d_aucun_outil_ne_verse_pas(client, gestionnaire, effecteur):
    JetonFactory(compte=gestionnaire, portees=[Portee.VERSEMENT], empreinte=Jeton.empreinte_de("autre"))

    assert appeler(client, "autre").json()["code"] == "outil_inconnu"


def test_un_outil_ferme_ne_verse_plus(client, jeton, outil):
    type(outil).objects.update(est_actif=False)

    assert appeler(client).json()["code"] == "outil_inconnu"


def test_qui_ne_gere_plus_le_territoire_ne_verse_plus(client, jeton, outil):
    type(outil).objects.update(territoire=TerritoireFactory())

    assert appeler(client).json()["code"] == "hors_territoire"


def test_chaque_jeton_a_son_debit(client, jeton, effecteur, maintenant, settings):
    settings.OUTILS_APPELS_PAR_MINUTE = 2

    reponses = [appeler(client) for _ in range(3)]

    assert [r.status_code for r in reponses] == [200, 200, 429]
    assert (reponses[2].headers["Retry-After"], reponses[2].json()["code"]) == ("60", "throttled")


def test_l_outil_lit_l_offre_par_la_recherche_commune(client, jeton, creneau):
    reponse = client.post(
        "/api/v1/recherches/",
        {"specialite": "SM54", "commune": "59350"},
        content_type="application/json",
        headers={"Authorization": "Bearer outil"},
    )

    assert reponse.json()["total"] == 1


def test_un_outil_relit_les_siennes_et_pas_celles_d_un_autre(client, jeton, outil, maintenant):
    sienne, autre = OrientationExterneFactory(outil=outil), OrientationExterneFactory()
    entetes = {"Authorization": "Bearer outil"}

    assert client.get(f"{URL}{sienne.uuid}/", headers=entetes).json()["id"] == str(sienne.uuid)
    assert client.get(f"{URL}{autre.uuid}/", headers=entetes).status_code == 404


def test_la_meme_cle_chez_un_autre_outil_est_une_autre_orientation(verser, outil):
    autre = OutilTerritorialFactory()

    assert OrientationExterne.empreinte(outil, "cle:A-1") != OrientationExterne.empreinte(autre, "cle:A-1")


# --- Jeton et schéma ---------------------------------------------------------------


def test_la_commande_cree_un_jeton_lie_a_l_outil(gestionnaire, outil, capsys):
    call_command("creer_jeton_outil", outil="outil-nord", compte="gestion@exemple.invalid")

    lien = JetonOutil.objects.get()
    assert (lien.outil, lien.jeton.compte) == (outil, gestionnaire)
    assert lien.jeton.empreinte == Jeton.empreinte_de(capsys.readouterr().out.strip())


@pytest.mark.parametrize(
    "options",
    [
        {"outil": "inconnu"},
        {"compte": "inconnu@exemple.invalid"},
        {"jours": 0},
        {"compte": "ailleurs@exemple.invalid"},
    ],
)
def test_la_commande_refuse_ce_qui_ne_tient_pas(gestionnaire, options):
    habiliter(
        CompteFactory(email="ailleurs@exemple.invalid"),
        Role.GESTIONNAIRE_COMPTES,
        territoire=TerritoireFactory(),
    )

    with pytest.raises(CommandError):
        call_command(
            "creer_jeton_outil", **{"outil": "outil-nord", "compte": "gestion@exemple.invalid"} | options
        )
    assert not Jeton.objects.exists()


@pytest.mark.usefixtures("_connexion_du_test")
@pytest.mark.parametrize(("methode", "chemin"), [("POST", URL), ("GET", URL + "{uuid}/")])
def test_l_interface_se_conforme_au_schema(jeton, effecteur, maintenant, methode, chemin):
    import schemathesis

    from sas_platform.wsgi import application

    schema = schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", application)

    @settings(
        max_examples=20,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cas=schema[chemin][methode].as_strategy())
    def eprouver(cas):
        reponse = cas.call(headers={"Authorization": "Bearer outil"})
        cas.validate_response(reponse, checks=CONTROLES)

    eprouver()
