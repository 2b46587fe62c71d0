"""Suivre ses demandes et lire ses pièces, avec ou sans compte ; rien n’en est montré à un tiers."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from assistance.actions import secret_de_suivi
from assistance.enums import EtatTicket, Profil
from assistance.models import PieceJointe, Ticket
from comptes.enums import Role
from comptes.models import Courriel, Trace
from comptes.models.acces import empreinte_de
from tests.assistance.envois import envoyer, saisie, theme
from tests.assistance.factories import PieceFactory, TicketFactory
from tests.assistance.fichiers import PDF
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.usefixtures("contenus")


def test_chacun_ne_voit_que_ses_demandes(client):
    sienne, autre = TicketFactory(), TicketFactory()
    client.force_login(sienne.auteur)

    page = client.get("/assistance/demandes/").content.decode()

    assert sienne.numero in page
    assert autre.numero not in page
    assert client.get(f"/assistance/demandes/{sienne.numero}/").status_code == 200
    assert client.get(f"/assistance/demandes/{autre.numero}/").status_code == 404
    assert client.post(f"/assistance/demandes/{autre.numero}/", {"texte": "x"}).status_code == 404


def test_une_note_interne_ne_se_montre_pas_au_demandeur(client):
    ticket = TicketFactory()
    ticket.echanges.create(texte="Vu avec l’éditeur.", est_interne=True)
    ticket.echanges.create(texte="C’est corrigé.", auteur=CompteFactory())
    client.force_login(ticket.auteur)

    page = client.get(f"/assistance/demandes/{ticket.numero}/").content.decode()

    assert "C’est corrigé." in page
    assert "Vu avec" not in page


def test_le_demandeur_ajoute_un_message_et_qui_la_suit_est_prevenu(client):
    suivi = CompteFactory(email="suivi@exemple.invalid")
    ticket = TicketFactory(etat=EtatTicket.ATTENTE, traite_par=suivi)
    client.force_login(ticket.auteur)

    client.post(f"/assistance/demandes/{ticket.numero}/", {"texte": "Toujours en panne. <b>x</b>"})

    ticket.refresh_from_db()
    assert ticket.etat == EtatTicket.EN_COURS
    assert Courriel.objects.get().destinataire == "suivi@exemple.invalid"
    assert "&lt;b&gt;" in client.get(f"/assistance/demandes/{ticket.numero}/").content.decode()


def test_le_demandeur_clot_puis_rouvre_par_un_message(client):
    ticket = TicketFactory()
    adresse = f"/assistance/demandes/{ticket.numero}/"
    client.force_login(ticket.auteur)

    client.post(adresse, {"clore": "1"})
    ticket.refresh_from_db()
    close = ticket.est_clos
    client.post(adresse, {"texte": "En fait non."})

    ticket.refresh_from_db()
    assert close
    assert (ticket.etat, ticket.clos_le) == (EtatTicket.OUVERT, None)
    assert list(Trace.objects.order_by("pk").values_list("verbe", flat=True)) == [
        "demande.close",
        "demande.message",
    ]


def test_un_lien_de_suivi_invente_ou_celui_d_un_compte_est_un_404(client):
    ticket = TicketFactory()
    Ticket.objects.filter(pk=ticket.pk).update(empreinte_suivi=empreinte_de(secret_de_suivi(ticket)))

    assert client.get("/assistance/suivi/invente/").status_code == 404
    assert client.get(f"/assistance/suivi/{secret_de_suivi(ticket)}/").status_code == 404


# --- Pièces ------------------------------------------------------------------


def test_une_piece_se_telecharge_sans_pouvoir_rien_executer(client):
    piece = PieceFactory()
    client.force_login(piece.ticket.auteur)

    reponse = client.get(f"/assistance/pieces/{piece.pk}/")

    assert b"".join(reponse.streaming_content) == b"%PDF-1.7"
    assert reponse.headers["Content-Disposition"].startswith("attachment")
    assert reponse.headers["X-Content-Type-Options"] == "nosniff"
    assert reponse.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "sandbox" in reponse.headers["Content-Security-Policy"]
    assert "no-store" in reponse.headers["Cache-Control"]


def test_une_piece_n_est_ni_pour_un_tiers_ni_a_une_adresse_directe(client):
    piece = PieceFactory()
    client.force_login(CompteFactory(role=Role.GESTIONNAIRE_COMPTES))

    assert client.get(f"/assistance/pieces/{piece.pk}/").status_code == 404
    assert client.get(f"/media/{piece.fichier.name}").status_code == 404
    assert client.get(f"/{piece.fichier.name}").status_code == 404


def test_une_piece_disparue_du_disque_est_un_404(client):
    piece = PieceFactory()
    piece.fichier.storage.delete(piece.fichier.name)
    client.force_login(piece.ticket.auteur)

    assert client.get(f"/assistance/pieces/{piece.pk}/").status_code == 404


def test_sans_compte_la_piece_se_lit_par_le_lien_de_sa_demande_seulement(client, territoire):
    donnees = saisie(theme(Profil.ANONYME, "Déclaration"), territoire)
    premiere = envoyer(client, donnees | {"fichiers": [SimpleUploadedFile("a.pdf", PDF)]})
    seconde = envoyer(client, donnees)
    piece = PieceJointe.objects.get()

    reponse = client.get(f"{premiere.headers['Location']}pieces/{piece.pk}/")

    assert b"".join(reponse.streaming_content) == PDF
    assert client.get(f"{seconde.headers['Location']}pieces/{piece.pk}/").status_code == 404
    assert client.get(f"/assistance/pieces/{piece.pk}/").status_code == 302
