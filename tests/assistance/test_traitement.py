"""Traiter les demandes : chacun les siennes, chaque geste prévient et se trace, deux personnes ne se gênent pas."""

import pytest

from assistance.actions import DejaSuivie, effacer_closes, prendre
from assistance.enums import Destination, EtatTicket
from assistance.models import Ticket
from comptes.enums import Role
from comptes.models import Courriel, Trace
from tests.assistance.factories import (
    MIDI,
    PerimetreFactory,
    PieceFactory,
    TerritoireFactory,
    TicketFactory,
)
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.django_db
LISTE = "/assistance/traitement/"


def personne(role, territoire=None, **champs):
    compte = CompteFactory(role=role, **champs)
    if territoire:
        PerimetreFactory(habilitation=compte.habilitations.get(role=role), territoire=territoire)
    return compte


def voit(client, ticket):
    return client.get(f"{LISTE}{ticket.numero}/").status_code == 200


@pytest.fixture
def ici():
    return TerritoireFactory(nom="Ici")


@pytest.fixture
def ailleurs():
    return TerritoireFactory(nom="Ailleurs")


@pytest.mark.parametrize(
    ("role", "vues"),
    [
        (Role.GESTIONNAIRE_COMPTES, {"gc ici"}),
        (Role.REFERENT, {"rt ici"}),
        (Role.SUPPORT, {"n1", "n3"}),
        (Role.ADMINISTRATEUR, {"gc ici", "gc ailleurs", "rt ici", "n1", "n3"}),
    ],
)
def test_chacun_traite_les_demandes_de_son_role_et_de_son_territoire(client, ici, ailleurs, role, vues):
    tickets = {
        "gc ici": TicketFactory(destination=Destination.GESTIONNAIRE, territoire=ici),
        "gc ailleurs": TicketFactory(destination=Destination.GESTIONNAIRE, territoire=ailleurs),
        "rt ici": TicketFactory(destination=Destination.REFERENT, territoire=ici),
        "n1": TicketFactory(destination=Destination.SUPPORT_N1, territoire=ici),
        "n3": TicketFactory(destination=Destination.SUPPORT_N3, territoire=None),
    }
    client.force_login(personne(role, ici))

    liste = client.get(LISTE).content.decode()

    assert {nom for nom, ticket in tickets.items() if ticket.numero in liste} == vues
    assert {nom for nom, ticket in tickets.items() if voit(client, ticket)} == vues


def test_deux_roles_sur_deux_territoires_ne_se_melent_pas(client, ici, ailleurs):
    compte = personne(Role.GESTIONNAIRE_COMPTES, ici)
    habilitation = compte.habilitations.create(role=Role.REFERENT)
    PerimetreFactory(habilitation=habilitation, territoire=ailleurs)
    client.force_login(compte)

    assert voit(client, TicketFactory(destination=Destination.GESTIONNAIRE, territoire=ici))
    assert voit(client, TicketFactory(destination=Destination.REFERENT, territoire=ailleurs))
    assert not voit(client, TicketFactory(destination=Destination.GESTIONNAIRE, territoire=ailleurs))
    assert not voit(client, TicketFactory(destination=Destination.REFERENT, territoire=ici))


@pytest.mark.parametrize("role", [Role.OSNP, Role.EFFECTEUR, Role.DELEGATAIRE, Role.CPAM])
def test_les_autres_roles_n_y_entrent_pas(client, ici, role):
    ticket = TicketFactory(territoire=ici)
    client.force_login(personne(role, ici))

    assert client.get(LISTE).status_code == 404
    assert not voit(client, ticket)


def test_un_perimetre_ferme_ne_donne_plus_rien_des_la_requete_suivante(client, ici):
    ticket = TicketFactory(territoire=ici)
    compte = personne(Role.GESTIONNAIRE_COMPTES, ici)
    client.force_login(compte)
    avant = voit(client, ticket)

    ici.perimetres.update(fin_le=MIDI)

    assert avant
    assert not voit(client, ticket)


@pytest.mark.parametrize("geste", ["prendre", "repondre", "reaffecter", "clore", "rouvrir", "effacer"])
def test_aucun_geste_hors_de_son_territoire(client, ici, ailleurs, geste):
    ticket = TicketFactory(territoire=ailleurs)
    client.force_login(personne(Role.GESTIONNAIRE_COMPTES, ici))

    reponse = client.post(f"{LISTE}{ticket.numero}/{geste}/", {"texte": "x", "destination": "support_n1"})

    assert reponse.status_code == 404
    assert not ticket.echanges.exists()
    assert Trace.objects.count() == 0


def test_prendre_puis_repondre_previent_le_demandeur(client, ici):
    ticket = TicketFactory(territoire=ici, email="alix@exemple.invalid")
    gestionnaire = personne(Role.GESTIONNAIRE_COMPTES, ici)
    client.force_login(gestionnaire)

    client.post(f"{LISTE}{ticket.numero}/prendre/")
    client.post(f"{LISTE}{ticket.numero}/repondre/", {"texte": "C’est <b>fait</b>."})

    ticket.refresh_from_db()
    assert (ticket.traite_par, ticket.etat) == (gestionnaire, EtatTicket.ATTENTE)
    courriel = Courriel.objects.get()
    assert courriel.destinataire == "alix@exemple.invalid"
    assert "C’est <b>fait</b>." in courriel.corps_texte
    assert "&lt;b&gt;fait" in courriel.corps_html
    assert f"/assistance/demandes/{ticket.numero}/" in courriel.corps_texte
    verbes = list(Trace.objects.order_by("pk").values_list("verbe", "acteur"))
    assert verbes == [("demande.prise", gestionnaire.pk), ("demande.reponse", gestionnaire.pk)]


def test_la_reponse_a_une_personne_sans_compte_porte_un_lien_qui_ouvre(client, ici):
    ticket = TicketFactory(auteur=None, territoire=ici, empreinte_suivi="ancienne")
    client.force_login(personne(Role.GESTIONNAIRE_COMPTES, ici))

    client.post(f"{LISTE}{ticket.numero}/repondre/", {"texte": "C’est fait."})

    corps = Courriel.objects.get().corps_texte
    secret = corps.split("/assistance/suivi/")[1].split("/")[0]
    client.logout()
    assert "C’est fait." in client.get(f"/assistance/suivi/{secret}/").content.decode()


def test_une_note_interne_n_envoie_rien_et_ne_change_pas_l_etat(client, ici):
    ticket = TicketFactory(territoire=ici)
    client.force_login(personne(Role.GESTIONNAIRE_COMPTES, ici))

    client.post(f"{LISTE}{ticket.numero}/repondre/", {"texte": "Vu.", "est_interne": "on"})

    ticket.refresh_from_db()
    assert ticket.etat == EtatTicket.OUVERT
    assert ticket.echanges.get().est_interne
    assert not Courriel.objects.exists()


def test_une_demande_deja_prise_le_dit_a_la_seconde_personne(client, ici):
    ticket = TicketFactory(territoire=ici)
    premier = personne(Role.GESTIONNAIRE_COMPTES, ici, prenom="Gaëlle", nom="Comte")
    client.force_login(personne(Role.GESTIONNAIRE_COMPTES, ici))
    prendre(ticket, acteur=premier, maintenant=MIDI)

    reponse = client.post(f"{LISTE}{ticket.numero}/prendre/")

    assert reponse.status_code == 409
    assert "déjà suivie par Gaëlle Comte" in reponse.content.decode()
    ticket.refresh_from_db()
    assert ticket.traite_par == premier


def test_prendre_est_refuse_meme_avec_une_copie_perimee(ici):
    ticket = TicketFactory(territoire=ici)
    copie = Ticket.objects.get(pk=ticket.pk)
    prendre(ticket, acteur=CompteFactory(), maintenant=MIDI)

    with pytest.raises(DejaSuivie):
        prendre(copie, acteur=CompteFactory(), maintenant=MIDI)


def test_repondre_a_une_demande_close_entre_temps_garde_le_texte(client, ici):
    ticket = TicketFactory(territoire=ici, clos=True)
    client.force_login(personne(Role.GESTIONNAIRE_COMPTES, ici))

    reponse = client.post(f"{LISTE}{ticket.numero}/repondre/", {"texte": "Une longue réponse."})

    assert reponse.status_code == 409
    assert "close" in reponse.content.decode()
    assert not ticket.echanges.exists()


def test_transmettre_previent_la_nouvelle_boite_et_fait_sortir_la_demande(client, ici, settings):
    ticket = TicketFactory(territoire=ici)
    client.force_login(personne(Role.GESTIONNAIRE_COMPTES, ici))

    reponse = client.post(
        f"{LISTE}{ticket.numero}/reaffecter/", {"destination": "support_n3", "territoire": ici.pk}
    )

    ticket.refresh_from_db()
    assert reponse.headers["Location"] == LISTE
    assert (ticket.destination, ticket.traite_par) == (Destination.SUPPORT_N3, None)
    assert Courriel.objects.get().destinataire == settings.SUPPORT_N3_COURRIEL
    assert not voit(client, ticket)


def test_transmettre_a_un_role_de_territoire_demande_lequel(client, ici):
    ticket = TicketFactory(territoire=ici)
    client.force_login(personne(Role.GESTIONNAIRE_COMPTES, ici))

    reponse = client.post(
        f"{LISTE}{ticket.numero}/reaffecter/", {"destination": "referent_territorial", "territoire": ""}
    )

    assert "dépend d’un territoire" in reponse.content.decode()
    ticket.refresh_from_db()
    assert ticket.destination == Destination.GESTIONNAIRE


def test_transmettre_la_ou_personne_ne_lirait_est_refuse(client, ici, ailleurs):
    ticket = TicketFactory(territoire=ici)
    client.force_login(personne(Role.GESTIONNAIRE_COMPTES, ici))
    vers_ailleurs = {"destination": "gestionnaire_de_compte", "territoire": ailleurs.pk}

    refus = client.post(f"{LISTE}{ticket.numero}/reaffecter/", vers_ailleurs)
    personne(Role.GESTIONNAIRE_COMPTES, ailleurs)
    admis = client.post(f"{LISTE}{ticket.numero}/reaffecter/", vers_ailleurs)

    assert "Personne ne porte ce rôle" in refus.content.decode()
    assert admis.status_code == 302
    ticket.refresh_from_db()
    assert ticket.territoire == ailleurs


def test_clore_previent_et_rouvrir_rend_la_demande(client, ici):
    ticket = TicketFactory(territoire=ici)
    client.force_login(personne(Role.GESTIONNAIRE_COMPTES, ici))

    client.post(f"{LISTE}{ticket.numero}/clore/")
    client.post(f"{LISTE}{ticket.numero}/clore/")
    ticket.refresh_from_db()
    close = ticket.est_clos
    client.post(f"{LISTE}{ticket.numero}/rouvrir/")

    ticket.refresh_from_db()
    assert close
    assert ticket.etat == EtatTicket.OUVERT
    assert Courriel.objects.count() == 1


def test_les_filtres_et_leurs_valeurs_inconnues(client, ici, ailleurs):
    admin = personne(Role.ADMINISTRATEUR)
    ouverte = TicketFactory(territoire=ici)
    close = TicketFactory(territoire=ailleurs, clos=True)
    suivie = TicketFactory(territoire=ailleurs, traite_par=admin, destination=Destination.SUPPORT_N1)
    client.force_login(admin)

    def vues(**filtres):
        page = client.get(LISTE, filtres).content.decode()
        return {ticket for ticket in (ouverte, close, suivie) if ticket.numero in page}

    assert vues() == {ouverte, suivie}
    assert vues(etat="tous") == {ouverte, close, suivie}
    assert vues(etat="clos") == {close}
    assert vues(territoire=ici.pk) == {ouverte}
    assert vues(destination="support_n1") == {suivie}
    assert vues(a_moi="on") == {suivie}
    assert vues(etat="n’importe", territoire="x", page="zéro") == {ouverte, suivie}


def test_la_liste_ne_fait_pas_une_requete_par_demande(client, ici, compter_requetes):
    client.force_login(personne(Role.GESTIONNAIRE_COMPTES, ici))
    TicketFactory(territoire=ici, traite_par=CompteFactory())
    client.get(LISTE)
    avec_une = compter_requetes(lambda: client.get(LISTE))

    TicketFactory.create_batch(8, territoire=ici, traite_par=CompteFactory())

    assert compter_requetes(lambda: client.get(LISTE)) == avec_une


def test_lire_la_demande_d_une_personne_et_sa_piece_se_trace(client, ici):
    piece = PieceFactory(ticket=TicketFactory(territoire=ici))
    client.force_login(personne(Role.GESTIONNAIRE_COMPTES, ici))

    voit(client, piece.ticket)
    reponse = client.get(f"/assistance/pieces/{piece.pk}/")

    assert b"".join(reponse.streaming_content) == b"%PDF-1.7"
    verbes = list(Trace.objects.order_by("pk").values_list("verbe", flat=True))
    assert verbes == ["demande.lue", "demande.piece_lue"]


def test_la_trace_ne_garde_ni_nom_ni_message(client, ici):
    ticket = TicketFactory(territoire=ici, nom="Reconnaissable", email="reconnaissable@exemple.invalid")
    client.force_login(personne(Role.GESTIONNAIRE_COMPTES, ici))

    for geste, donnees in [("prendre", {}), ("repondre", {"texte": "reconnaissable"}), ("clore", {})]:
        client.post(f"{LISTE}{ticket.numero}/{geste}/", donnees)

    assert "econnaissable" not in str(list(Trace.objects.values("objet", "details")))


def test_au_terme_une_demande_close_s_efface_avec_ses_fichiers(ici, django_capture_on_commit_callbacks):
    ancienne = PieceFactory(ticket=TicketFactory(clos=True))
    recente = TicketFactory(etat=EtatTicket.CLOS, clos_le=MIDI.replace(year=2027))
    ouverte = TicketFactory()
    stockage, nom = ancienne.fichier.storage, ancienne.fichier.name

    terme = MIDI.replace(year=2027, month=1)
    with django_capture_on_commit_callbacks(execute=True):
        assert effacer_closes(avant=terme, lot=25) == 1
        assert stockage.exists(nom)  # tant que ce n’est pas écrit, on peut y revenir

    assert effacer_closes(avant=terme, lot=25) == 0
    assert set(Ticket.objects.all()) == {recente, ouverte}
    assert not stockage.exists(nom)
