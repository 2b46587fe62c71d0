"""Le formulaire de contact et le suivi : envoyer, adresser, ne rien perdre, ne rien montrer à un tiers."""

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile

from assistance.enums import Destination, EtatTicket, Profil
from assistance.models import PieceJointe, Ticket
from comptes.enums import Role
from comptes.models import Courriel, Trace
from tests.annuaire.factories import DepartementFactory, LieuExerciceFactory
from tests.assistance.envois import CONTACT, envoyer, saisie, theme
from tests.assistance.factories import PerimetreFactory, TerritoireFactory
from tests.assistance.fichiers import EXE, JPEG, PDF, SVG, XLSX, png
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.usefixtures("contenus")


def test_sans_role_connu_on_dit_d_abord_qui_l_on_est(client):
    premiere = client.get(CONTACT).content.decode()
    seconde = client.get(CONTACT, {"profil": "ioa"}).content.decode()

    assert "Étape 1 sur 2" in premiere
    assert "Assistance à l’utilisation" in seconde
    assert "Création d’un compte" not in seconde


@pytest.mark.parametrize("profil", ["inconnu", "", "anonyme'--"])
def test_un_profil_invente_ramene_au_choix(client, profil):
    assert "Étape 1 sur 2" in client.get(CONTACT, {"profil": profil}).content.decode()


def test_une_demande_sans_compte_est_numerotee_adressee_et_suivie(
    client, territoire, django_capture_on_commit_callbacks
):
    donnees = saisie(theme(Profil.ANONYME, "Perte de login"), territoire)

    with django_capture_on_commit_callbacks():
        reponse = envoyer(client, donnees)

    ticket = Ticket.objects.get()
    assert ticket.numero.startswith("SAS-20")
    assert (ticket.destination, ticket.etat) == (Destination.GESTIONNAIRE, EtatTicket.OUVERT)
    assert ticket.telephone == "+33612345678"
    assert reponse.headers["Location"].startswith("/assistance/suivi/")
    page = client.get(reponse.headers["Location"]).content.decode()
    assert ticket.numero in page
    assert "La page reste blanche." in page
    secret = reponse.headers["Location"].split("/")[3]
    assert secret not in str(list(Ticket.objects.values()))
    assert Trace.objects.get(verbe="demande.deposee").objet == f"demande:{ticket.pk}"


def test_les_courriels_partent_a_la_boite_du_territoire_sans_rien_dire_du_demandeur(client, territoire):
    envoyer(client, saisie(theme(Profil.ANONYME, "Perte de login"), territoire))

    pour_lui, pour_la_boite = Courriel.objects.order_by("pk")
    ticket = Ticket.objects.get()
    assert (pour_lui.destinataire, pour_la_boite.destinataire) == (
        "alix.fictif@exemple.invalid",
        "gestionnaires@exemple.invalid",
    )
    assert ticket.numero in pour_lui.sujet
    assert "/assistance/suivi/" in pour_lui.corps_texte
    # Rien du texte libre ni du nom : sinon le formulaire enverrait n’importe quoi à n’importe qui.
    assert "blanche" not in pour_lui.corps_texte
    assert "Alix" not in pour_lui.corps_texte
    assert f"/assistance/traitement/{ticket.numero}/" in pour_la_boite.corps_texte
    assert "Fictif" not in pour_la_boite.corps_texte
    assert "suivi" not in pour_la_boite.corps_texte


def test_sans_boite_les_personnes_qui_portent_le_role_sont_prevenues(client):
    nu = TerritoireFactory()
    PerimetreFactory(
        habilitation__role=Role.GESTIONNAIRE_COMPTES,
        habilitation__compte__email="g@exemple.invalid",
        territoire=nu,
    )
    PerimetreFactory(habilitation__role=Role.REFERENT, territoire=nu)

    envoyer(client, saisie(theme(Profil.ANONYME, "Perte de login"), nu))

    destinataires = set(Courriel.objects.values_list("destinataire", flat=True))
    assert destinataires == {"alix.fictif@exemple.invalid", "g@exemple.invalid"}


@pytest.mark.parametrize("avec_territoire", [True, False])
def test_une_demande_que_personne_ne_recevrait_va_au_support(client, settings, avec_territoire):
    desert = TerritoireFactory() if avec_territoire else None

    envoyer(client, saisie(theme(Profil.ANONYME, "Perte de login"), desert))

    assert Ticket.objects.get().destination == Destination.SUPPORT_N1
    assert Courriel.objects.filter(destinataire=settings.SUPPORT_N1_COURRIEL).exists()


def test_une_personne_connectee_a_ses_donnees_remplies_et_verrouillees(client, territoire):
    compte = CompteFactory(role=Role.OSNP, nom="Osmont", prenom="Camille", email="camille@exemple.invalid")
    PerimetreFactory(habilitation=compte.habilitations.get(), territoire=territoire)
    client.force_login(compte)
    bug = theme(Profil.REGULATEUR, "Déclaration d’un bug")
    autre = TerritoireFactory()

    page = client.get(CONTACT).content.decode()
    client.post(CONTACT, saisie(bug, autre, nom="Usurpé", email="autre@exemple.invalid"))

    assert "camille@exemple.invalid" in page
    assert page.count("disabled") >= 5
    ticket = Ticket.objects.get()
    assert (ticket.nom, ticket.email, ticket.territoire) == ("Osmont", "camille@exemple.invalid", territoire)
    assert (ticket.profil, ticket.auteur) == (Profil.REGULATEUR, compte)
    assert Courriel.objects.filter(corps_texte__contains=f"/assistance/demandes/{ticket.numero}/").exists()


def test_un_effecteur_a_le_territoire_ou_il_exerce(client):
    lieu = LieuExerciceFactory()
    chez_lui = TerritoireFactory()
    chez_lui.departements.add(lieu.commune.departement)
    TerritoireFactory()
    client.force_login(
        CompteFactory(effecteur=True, identifiant_national=lieu.effecteur.identifiant_national)
    )

    page = client.get(CONTACT).content.decode()

    assert page.count(f'value="{chez_lui.pk}" selected') == 1


def test_un_theme_d_un_autre_role_est_refuse(client, territoire):
    client.force_login(CompteFactory(role=Role.IOA))

    reponse = client.post(CONTACT, saisie(theme(Profil.EFFECTEUR, "Création d’un compte"), territoire))

    assert reponse.status_code == 200
    assert not Ticket.objects.exists()


@pytest.mark.parametrize(
    ("recu", "garde"),
    [
        ("0612345678", "+33612345678"),
        ("+33 6 12 34 56 78", "+33612345678"),
        ("0033612345678", "+33612345678"),
        ("+33 (0)6 12 34 56 78", "+33612345678"),
        ("02 62 12 34 56", "+262262123456"),
        ("+590 590 12 34 56", "+590590123456"),
        ("+687 26 12 34", "+687261234"),
    ],
)
def test_le_telephone_francais_s_ecrit_de_toutes_ses_facons(client, territoire, recu, garde):
    envoyer(client, saisie(theme(Profil.ANONYME, "Perte de login"), territoire, telephone=recu))

    assert Ticket.objects.get().telephone == garde


def test_un_numero_local_du_pacifique_se_lit_d_apres_le_territoire(client):
    caledonie = TerritoireFactory(courriel_gestionnaires="nc@exemple.invalid")
    caledonie.departements.add(DepartementFactory(code="988", nom="Nouvelle-Calédonie"))

    envoyer(client, saisie(theme(Profil.ANONYME, "Perte de login"), caledonie, telephone="26 12 34"))

    assert Ticket.objects.get().telephone == "+687261234"


@pytest.mark.parametrize("recu", ["", "12", "+44 20 7946 0958", "abc", "06 12 34 56 7", "0612345678 ou 79"])
def test_un_autre_telephone_est_refuse_sur_son_champ_et_rien_ne_se_perd(client, territoire, recu):
    donnees = saisie(theme(Profil.ANONYME, "Perte de login"), territoire, telephone=recu)

    page = envoyer(client, donnees).content.decode()

    assert not Ticket.objects.exists()
    assert "La page reste blanche." in page
    assert 'id="id_telephone-desc-error"' in page or "id_telephone" in page.split("error")[1]


@pytest.mark.parametrize(
    ("champ", "valeur"),
    [
        ("nom", "x" * 31),
        ("prenom", "x" * 31),
        ("prenom", ""),
        ("email", "pas une adresse"),
        ("email", "a@b\nBcc: x@exemple.invalid"),
        ("message", "x" * 2001),
        ("message", " "),
        ("territoire", "999999"),
        ("territoire", ""),
        ("theme", ""),
        ("site_web", "http://exemple.invalid"),
    ],
)
def test_un_champ_mal_rempli_n_envoie_rien(client, territoire, champ, valeur):
    donnees = saisie(theme(Profil.ANONYME, "Perte de login"), territoire) | {champ: valeur}

    assert envoyer(client, donnees).status_code == 200
    assert not Ticket.objects.exists()


def test_trois_fichiers_choisis_ensemble_sont_admis(client, territoire):
    """W-61 : la plateforme d’origine les refusait à partir du troisième."""
    fichiers = [
        SimpleUploadedFile("capture.png", png(), "image/png"),
        SimpleUploadedFile("../../etc/notice.pdf", PDF, "text/html"),
        SimpleUploadedFile("photo.jpg", JPEG, "application/octet-stream"),
    ]

    envoyer(client, saisie(theme(Profil.ANONYME, "Déclaration"), territoire, fichiers=fichiers))

    pieces = list(PieceJointe.objects.order_by("pk"))
    assert [(p.nom, p.type_mime) for p in pieces] == [
        ("capture.png", "image/png"),
        ("notice.pdf", "application/pdf"),
        ("photo.jpg", "image/jpeg"),
    ]
    for piece in pieces:
        nom = piece.fichier.name.rsplit("/", 1)[-1]
        assert len(nom) == 32
        assert "." not in nom


@pytest.mark.parametrize(
    ("fichiers", "raison"),
    [
        pytest.param([("a.pdf", EXE)], "son nom annonce", id="programme renommé"),
        pytest.param([("a.svg", SVG)], "pas admis", id="svg"),
        pytest.param([("a.pdf", b"")], "vide", id="vide"),
        pytest.param([("a.pdf", PDF + b"\n" * 1_100_000)], "1 Mo", id="trop gros"),
        pytest.param([("b.pdf", PDF), ("a.xlsx", XLSX + b"<script>")], "à sa suite", id="un bon, un mauvais"),
        pytest.param([(f"{n}.pdf", PDF) for n in range(4)], "3 fichiers au plus", id="quatre"),
    ],
)
def test_un_fichier_refuse_se_dit_et_laisse_le_reste(client, territoire, fichiers, raison):
    recus = [SimpleUploadedFile(nom, contenu, "application/pdf") for nom, contenu in fichiers]

    page = envoyer(client, saisie(theme(Profil.ANONYME, "Déclaration"), territoire, fichiers=recus))

    assert raison in page.content.decode()
    assert "La page reste blanche." in page.content.decode()
    assert not Ticket.objects.exists()
    assert not PieceJointe.objects.exists()


def test_sans_compte_on_n_inonde_ni_la_plateforme_ni_une_boite(client, territoire, settings):
    settings.ASSISTANCE_DEMANDES_PAR_IP = settings.ASSISTANCE_DEMANDES_PAR_COURRIEL = 2
    donnees = saisie(theme(Profil.ANONYME, "Déclaration"), territoire)

    etats = [envoyer(client, donnees).status_code for _ in range(3)]
    d_ailleurs = client.post(f"{CONTACT}?profil=anonyme", donnees, REMOTE_ADDR="192.0.2.9").status_code
    autre = donnees | {"email": "autre@exemple.invalid"}
    autre_boite = client.post(f"{CONTACT}?profil=anonyme", autre, REMOTE_ADDR="192.0.2.10").status_code

    assert etats == [302, 302, 429]
    assert d_ailleurs == 429
    assert autre_boite == 302
    assert not [cle for cle in _cles() if "192.0.2" in cle or "exemple" in cle]


def _cles():
    return [cle.decode() for cle in cache._cache.get_client().keys("*")]


def test_sans_courtier_une_demande_passe(client, territoire, settings):
    settings.CACHES = settings.CACHES | {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:9/0",
        }
    }

    assert envoyer(client, saisie(theme(Profil.ANONYME, "Déclaration"), territoire)).status_code == 302


def test_les_numeros_se_suivent_sans_se_repeter(client, territoire):
    client.force_login(CompteFactory(role=Role.OSNP))
    donnees = saisie(theme(Profil.REGULATEUR, "Déclaration"), territoire)

    for _ in range(3):
        client.post(CONTACT, donnees)

    rangs = [int(n.rsplit("-", 1)[1]) for n in Ticket.objects.order_by("pk").values_list("numero", flat=True)]
    assert rangs == list(range(rangs[0], rangs[0] + 3))
