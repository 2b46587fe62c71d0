"""Arrêter, reprendre, régler : l’effet est immédiat, et tout est tracé."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from agenda.enums import Flux
from agenda.models import CarteLieu, Editeur, Lot, OffrePerimee
from agenda.qualite.suspensions import suspendus_pour
from comptes.enums import Role
from comptes.models import Trace
from sas_platform.socle.memoire import tout_oublier
from tests.agenda.factories import EditeurFactory
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.django_db
MOTIF = "Créneaux faux depuis ce matin"


def _url(nom, editeur):
    return reverse(f"qualite:{nom}", kwargs={"editeur_id": editeur.pk})


def _montres():
    return sum(len(carte.debuts) for carte in CarteLieu.objects.all())


@pytest.fixture
def basculer(administrateur, editeur, django_capture_on_commit_callbacks):
    def faire(geste, motif=MOTIF):
        with django_capture_on_commit_callbacks(execute=True):
            return administrateur.post(
                _url("service", editeur), {"geste": geste, "motif": motif}, follow=True
            )

    return faire


def test_arreter_cache_aussitot_les_creneaux_et_le_dit(basculer, editeur, horloge):
    assert _montres() == 1

    page = basculer("arreter").content.decode()

    editeur.refresh_from_db()
    assert (editeur.est_actif, editeur.motif_arret) == (False, MOTIF)
    assert editeur.arrete_le is not None
    assert _montres() == 0
    assert not OffrePerimee.objects.exists()
    assert MOTIF in page
    trace = Trace.objects.get(verbe="editeur.arrete")
    assert (trace.objet, trace.details) == (f"editeur:{editeur.pk}", {"motif": MOTIF})
    assert trace.acteur == editeur.arrete_par


def test_reprendre_rend_les_creneaux_et_fait_interroger_tous_les_lots(basculer, editeur, monkeypatch):
    basculer("arreter")
    lances = []
    monkeypatch.setattr("agenda.qualite.actions.interroger_lots_dus.delay", lambda: lances.append(1))

    basculer("reprendre", "Corrigé par l’éditeur")

    editeur.refresh_from_db()
    assert (editeur.est_actif, editeur.motif_arret, editeur.arrete_le) == (True, "", None)
    assert Lot.objects.get().prochaine_le is None
    assert lances == [1]
    assert Trace.objects.get(verbe="editeur.repris").details == {"motif": "Corrigé par l’éditeur"}


def test_sans_motif_rien_ne_s_arrete(basculer, editeur):
    assert "Dites pourquoi." in basculer("arreter", "  ").content.decode()

    editeur.refresh_from_db()
    assert editeur.est_actif


def test_un_second_arret_est_refuse_sans_effacer_le_premier_motif(basculer, editeur):
    basculer("arreter")

    assert "est déjà arrêté" in basculer("arreter", "Autre motif").content.decode()

    editeur.refresh_from_db()
    assert editeur.motif_arret == MOTIF
    assert Trace.objects.filter(verbe="editeur.arrete").count() == 1


def test_le_support_arrete_un_editeur_sans_pouvoir_le_regler(support, editeur):
    support.post(_url("service", editeur), {"geste": "arreter", "motif": MOTIF})

    editeur.refresh_from_db()
    assert (editeur.est_actif, editeur.motif_arret) == (False, MOTIF)
    page = support.get(_url("editeur", editeur)).content.decode()
    assert "Reprendre" in page
    assert "Réglages" not in page
    assert support.get(_url("reglages", editeur)).status_code == 404


def test_un_creneau_est_montre_ancien_avant_de_n_etre_plus_montre(editeur):
    Editeur.objects.update(grise_s=899, peremption_s=900)

    with pytest.raises(IntegrityError), transaction.atomic():
        Editeur.objects.update(grise_s=900)


def test_un_editeur_en_service_n_a_pas_de_motif_d_arret(editeur):
    with pytest.raises(IntegrityError, match="editeur_actif_sans_motif_d_arret"), transaction.atomic():
        EditeurFactory(motif_arret="reste d’un arrêt")

    assert EditeurFactory(est_actif=False, motif_arret=MOTIF).pk


def test_le_regulateur_apprend_quels_agendas_ne_sont_pas_interroges(basculer, editeur):
    lieu_id = CarteLieu.objects.get().lieu_id
    assert suspendus_pour([lieu_id]) == []

    basculer("arreter")
    tout_oublier()

    assert suspendus_pour([lieu_id]) == ["Doctoplan"]
    assert suspendus_pour([lieu_id + 1]) == suspendus_pour([]) == []


# --- Réglages -------------------------------------------------------------------


def _saisie(administrateur, editeur, **changes):
    form = administrateur.get(_url("reglages", editeur)).context["form"]
    valeurs = {nom: form[nom].value() for nom in form.fields}
    return administrateur.post(_url("reglages", editeur), valeurs | changes)


def test_un_reglage_change_est_trace_avec_sa_valeur_d_avant(administrateur, editeur):
    _saisie(administrateur, editeur, requetes_par_heure=1200, flux=["comptes", "cpts", "ps"])

    editeur.refresh_from_db()
    assert (editeur.requetes_par_heure, editeur.flux) == (1200, [Flux.PS, Flux.CPTS, Flux.COMPTES])
    assert Trace.objects.get(verbe="editeur.regle").details["changements"] == {
        "requetes_par_heure": [3000, 1200],
        "flux": [["ps", "comptes"], ["ps", "cpts", "comptes"]],
    }


def test_rien_de_change_n_ecrit_rien(administrateur, editeur):
    assert _saisie(administrateur, editeur).status_code == 302
    assert not Trace.objects.filter(verbe="editeur.regle").exists()


@pytest.mark.parametrize(
    ("champ", "valeur"),
    [
        ("requetes_par_heure", 0),
        ("concurrence_max", -1),
        ("periode_s", 1),
        ("grise_s", 3600),
        ("url_base", "javascript:alert(1)"),
        ("url_base", "https://moi:secret@exemple.invalid/fhir"),
        ("url_place_de_marche", "ftp://exemple.invalid"),
        ("hotes_reservation", "https://rdv.exemple.invalid/"),
        ("hotes_reservation", "*.exemple.invalid"),
        ("certificat", "../cle"),
        ("origine", "sas&x=1"),
        ("flux", ["inconnu"]),
        ("ou", "sans cn"),
    ],
)
def test_un_reglage_dangereux_est_refuse_sur_son_champ(administrateur, editeur, champ, valeur):
    reponse = _saisie(administrateur, editeur, **{champ: valeur})

    assert reponse.status_code == 200
    assert {champ, "cn"} & set(reponse.context["form"].errors)
    assert not Trace.objects.filter(verbe="editeur.regle").exists()


def test_deux_editeurs_ne_presentent_pas_le_meme_certificat(administrateur, editeur):
    EditeurFactory(cn="rdv.exemple.invalid", ou="0002 123")

    reponse = _saisie(administrateur, editeur, cn="rdv.exemple.invalid", ou="0002 123")

    assert "cn" in reponse.context["form"].errors


def test_deux_fenetres_ne_s_ecrasent_pas(administrateur, editeur):
    reponse = _saisie(administrateur, editeur, requetes_par_heure=10, vu_le="2020-01-01")

    assert "entre-temps" in reponse.content.decode()
    assert 'value="10"' in reponse.content.decode()


def test_un_role_de_regulateur_n_ouvre_rien(client, editeur):
    client.force_login(CompteFactory(role=Role.REGULATEUR))

    assert client.get(reverse("qualite:liste")).status_code == 404
