"""De la réponse lue à la base : ce qui change, ce qui reste, ce qui disparaît."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from structlog.testing import capture_logs

from agenda.editeurs import lieux
from agenda.editeurs.client import Reponse
from agenda.editeurs.explication import appariements
from agenda.editeurs.memoire import demandes_par_lot
from agenda.editeurs.normaliseur import normaliser
from agenda.editeurs.raccordements import raccorder
from agenda.editeurs.retraits import retirer_affichages_refuses, retirer_agendas_perimes
from agenda.editeurs.stockage import LectureLot, enregistrer
from agenda.enums import EtatLot, RegleAppariement
from agenda.models import AgendaEditeur, CarteLieu, Lot, QualiteEditeur, Raccordement
from agenda.offre import rafraichir_perimees
from agenda.tasks import interroger_lots_dus
from annuaire.enums import PrecisionGeo, SourceLieu
from annuaire.models import LieuExercice
from tests.agenda.editeurs.bundles import (
    AUTRE_RPPS,
    MAINTENANT,
    RPPS,
    agenda,
    avec,
    bundle,
    demande,
    octets,
    praticien,
    role,
    slot,
)
from tests.agenda.factories import AgendaEditeurFactory, EditeurFactory, LotFactory, RaccordementFactory
from tests.annuaire.factories import (
    CommuneFactory,
    DepartementFactory,
    EffecteurFactory,
    LieuExerciceFactory,
    SpecialiteFactory,
)
from tests.participation.factories import ParticipationFactory

pytestmark = pytest.mark.django_db
LILLE = {"line": ["12 rue Nationale"], "city": "Lille", "postalCode": "59000"}
ECRITURE = re.compile(r"""(?:INSERT INTO|(?<!DO )UPDATE|DELETE FROM)\s+"?([a-z_]+)""")
PLUS_TARD = MAINTENANT + dt.timedelta(minutes=5)


@pytest.fixture
def raccordement():
    """Un généraliste de Lille, seul dans son lot, un lieu connu de l’annuaire."""
    SpecialiteFactory()
    lieu = LieuExerciceFactory(effecteur__identifiant_national=RPPS)
    return RaccordementFactory(effecteur=lieu.effecteur, lot=LotFactory(numero=0))


def _reponse(*ressources, adresse=LILLE, **champs):
    return [octets(bundle(*ressources, agenda(), praticien(), role(adresse=adresse, idnst=""), **champs))]


def _lecture(lot, pages, maintenant=MAINTENANT, identifiants=(RPPS,), tronquee=False):
    reponse = Reponse(EtatLot.REUSSI, pages, duree_ms=120, tronquee=tronquee)
    memoires = {i: memoire for i, memoire in demandes_par_lot([lot.pk])[lot.pk].memoires.items() if memoire}
    lue = normaliser(pages, demande(identifiants=identifiants, maintenant=maintenant, memoires=memoires))
    return LectureLot(lot.pk, maintenant, frozenset(identifiants), reponse, lue)


def _echec(lot, etat, maintenant=PLUS_TARD):
    return LectureLot(lot.pk, maintenant, frozenset({RPPS}), Reponse(etat, duree_ms=7000))


def _recevoir(raccordement, *ressources, maintenant=MAINTENANT, **champs):
    lecture = _lecture(raccordement.lot, _reponse(*ressources, **champs), maintenant)
    return enregistrer(raccordement.editeur, [lecture], maintenant)


def _ids():
    return [c["i"] for a in AgendaEditeur.objects.order_by("lieu", "pk") for c in a.creneaux]


def test_les_creneaux_lus_sont_gardes_dans_l_ordre_et_montres(raccordement):
    tot = slot("tot", start="2026-11-24T08:00:00+01:00", end="2026-11-24T08:15:00+01:00")

    bilan = _recevoir(raccordement, slot("tard"), tot)

    recu = AgendaEditeur.objects.get(raccordement=raccordement)
    assert recu.lieu == LieuExercice.objects.get()
    assert recu.telephone == "+33553000000"
    lien = "https://rdv.exemple.fr/agenda?id=1"
    assert recu.creneaux == [
        {"i": "tot", "d": 29_925_060, "f": 29_925_075, "m": ["cabinet"], "v": ["PUBLIC"], "l": lien},
        {"i": "tard", "d": 29_925_120, "f": 29_925_135, "m": ["cabinet"], "v": ["PUBLIC"], "l": lien},
    ]
    assert CarteLieu.objects.get(lieu=recu.lieu).debuts == [29_925_060, 29_925_120]
    assert (bilan.agendas_changes, bilan.creneaux["garde"]) == (1, 2)


def test_un_signe_nul_chez_un_editeur_ne_perd_pas_le_lot(raccordement):
    tot = slot("sain", start="2026-11-24T08:00:00+01:00", end="2026-11-24T08:15:00+01:00")

    _recevoir(raccordement, slot("a\0b"), tot)

    assert len(_ids()) == 2
    assert "sain" in _ids()


def test_une_reponse_inchangee_n_ecrit_ni_agenda_ni_lieu_ni_projection(raccordement):
    _recevoir(raccordement, slot())

    with CaptureQueriesContext(connection) as requetes:
        bilan = _recevoir(raccordement, slot(), maintenant=PLUS_TARD)

    ecrites = {table for r in requetes for table in ECRITURE.findall(r["sql"])}
    assert bilan.agendas_changes == 0
    assert ecrites == {"agenda_lot", "agenda_qualiteediteur", "agenda_appelsediteur"}
    assert Lot.objects.get().lu_le == PLUS_TARD


def test_le_nombre_de_requetes_ne_grandit_pas_avec_les_lots(raccordement, compter_requetes):
    editeur = raccordement.editeur
    lectures = [_lecture(raccordement.lot, _reponse(slot()))]
    enregistrer(editeur, lectures, MAINTENANT)
    une = compter_requetes(lambda: enregistrer(editeur, lectures, MAINTENANT))
    for rang in range(5):
        rpps = f"81000000000{rang}"
        lieu = LieuExerciceFactory(effecteur__identifiant_national=rpps)
        lot = RaccordementFactory(
            effecteur=lieu.effecteur, lot=LotFactory(editeur=editeur, numero=rang + 1)
        ).lot
        pages = [octets(bundle(slot(), agenda(), praticien(rpps=rpps), role(adresse=LILLE)))]
        lectures.append(_lecture(lot, pages, identifiants=(rpps,)))
    enregistrer(editeur, lectures, MAINTENANT)

    assert compter_requetes(lambda: enregistrer(editeur, lectures, MAINTENANT)) == une


@pytest.mark.parametrize("etat", [EtatLot.DELAI, EtatLot.RESEAU, EtatLot.PANNE, EtatLot.REFUS])
def test_un_editeur_en_panne_garde_ses_creneaux_et_leur_age(raccordement, etat):
    _recevoir(raccordement, slot())

    enregistrer(raccordement.editeur, [_echec(raccordement.lot, etat)], PLUS_TARD)

    lot = Lot.objects.get()
    assert _ids() == ["s1"]
    assert (lot.etat, lot.interroge_le, lot.lu_le) == (etat, PLUS_TARD, MAINTENANT)


def test_une_reponse_illisible_n_efface_rien(raccordement):
    _recevoir(raccordement, slot())

    lecture = _lecture(raccordement.lot, [b"<html>"], PLUS_TARD)
    enregistrer(raccordement.editeur, [lecture], PLUS_TARD)

    assert _ids() == ["s1"]
    assert Lot.objects.get().etat == EtatLot.ILLISIBLE
    assert QualiteEditeur.objects.get(motif="appel_bundle_invalid").nombre == 1


def test_un_bundle_vide_efface_les_creneaux_des_praticiens_demandes(raccordement):
    _recevoir(raccordement, slot())

    enregistrer(raccordement.editeur, [_lecture(raccordement.lot, [octets(bundle())], PLUS_TARD)], PLUS_TARD)

    assert _ids() == []
    assert CarteLieu.objects.get().debuts == []


def test_le_praticien_absent_de_la_reponse_perd_ses_creneaux_l_autre_les_garde(raccordement):
    autre = LieuExerciceFactory(effecteur__identifiant_national=AUTRE_RPPS)
    RaccordementFactory(effecteur=autre.effecteur, lot=raccordement.lot)
    deux = (RPPS, AUTRE_RPPS)
    tout = [
        slot("s1"), agenda(), praticien(), role(adresse=LILLE),
        slot("s2", schedule={"reference": "Schedule/a2"}),
        agenda("a2", "p2", "r2"), praticien("p2", AUTRE_RPPS), role("r2", "p2", LILLE),
    ]  # fmt: skip
    enregistrer(
        raccordement.editeur,
        [_lecture(raccordement.lot, [octets(bundle(*tout))], identifiants=deux)],
        MAINTENANT,
    )

    seul = [octets(bundle(*tout[:4]))]
    enregistrer(raccordement.editeur, [_lecture(raccordement.lot, seul, PLUS_TARD, deux)], PLUS_TARD)

    assert _ids() == ["s1"]


def test_une_reponse_tronquee_n_efface_pas_les_absents(raccordement):
    _recevoir(raccordement, slot())

    lecture = _lecture(raccordement.lot, [octets(bundle())], PLUS_TARD, tronquee=True)
    enregistrer(raccordement.editeur, [lecture], PLUS_TARD)

    assert _ids() == ["s1"]


def test_une_reponse_plus_ancienne_que_la_derniere_lue_est_ignoree(raccordement):
    _recevoir(raccordement, slot("neuf"), maintenant=PLUS_TARD)

    bilan = _recevoir(raccordement, slot("vieux"), maintenant=MAINTENANT)

    assert _ids() == ["neuf"]
    assert not bilan.lots


def test_une_adresse_inconnue_de_l_annuaire_cree_un_lieu_au_centre_de_sa_commune(raccordement):
    CommuneFactory(reunion=True)
    ailleurs = {"line": ["3 rue de Paris"], "city": "ST DENIS CEDEX", "postalCode": "97400"}

    bilan = _recevoir(raccordement, slot(), adresse=ailleurs)

    cree = LieuExercice.objects.get(source=SourceLieu.EDITEUR)
    assert (cree.commune_id, cree.fuseau, cree.precision_geo) == (
        "97411",
        "Indian/Reunion",
        PrecisionGeo.COMMUNE,
    )
    assert (cree.effecteur, cree.adresse, bilan.lieux_crees) == (raccordement.effecteur, "3 rue de Paris", 1)


def test_un_lieu_cree_aux_marquises_est_a_l_heure_des_marquises(raccordement):
    polynesie = DepartementFactory(code="987", nom="Polynésie française", zone="com", fuseau="Pacific/Tahiti")
    CommuneFactory(code_insee="98731", nom="Nuku-Hiva", departement=polynesie, codes_postaux=["98742"])
    ailleurs = {"line": ["Taiohae"], "city": "Nuku-Hiva", "postalCode": "98742"}

    _recevoir(raccordement, slot(), adresse=ailleurs)

    assert LieuExercice.objects.get(source=SourceLieu.EDITEUR).fuseau == "Pacific/Marquesas"


def test_un_lieu_que_l_editeur_situe_est_cree_ou_il_le_dit_s_il_est_dans_la_commune(raccordement):
    port = {"line": ["5 rue du Port"], "city": "Lille", "postalCode": "59000"}
    quai = {"line": ["6 quai de l’Ouest"], "city": "Lille", "postalCode": "59000"}
    ici, loin = {"latitude": 50.63, "longitude": 3.05}, {"latitude": 43.3, "longitude": 5.37}
    LieuExercice.objects.all().delete()
    for adresse, position in ((port, ici), (quai, loin)):
        ressource = avec(role(adresse=adresse, idnst=""), "contained", 0, "position", position)
        pages = [octets(bundle(slot(), agenda(), praticien(), ressource))]
        enregistrer(raccordement.editeur, [_lecture(raccordement.lot, pages)], MAINTENANT)

    exact, incoherent = LieuExercice.objects.order_by("pk")
    assert (exact.lat, exact.lon, exact.precision_geo) == (50.63, 3.05, PrecisionGeo.NUMERO)
    assert incoherent.precision_geo == PrecisionGeo.COMMUNE


def test_la_raison_de_chaque_appariement_se_lit_et_reste_quand_l_editeur_ne_decrit_plus_le_lieu(raccordement):
    ailleurs = {"line": ["5 rue du Port"], "city": "Lille", "postalCode": "59000"}
    _recevoir(raccordement, slot())
    _recevoir(raccordement, slot(), adresse=ailleurs, maintenant=PLUS_TARD)

    reconnu, cree = appariements(effecteur_id=raccordement.effecteur_id)

    assert (reconnu.regle, reconnu.creneaux) == (RegleAppariement.ADRESSE, 0)
    assert "« 12 rue Nationale, 59000 lille »" in reconnu.phrase.replace("\u00a0", " ")
    assert (cree.regle, cree.creneaux, cree.lieu.source) == (RegleAppariement.CREATION, 1, SourceLieu.EDITEUR)
    assert "5 rue du Port" in cree.phrase
    assert appariements() == []


def test_deux_editeurs_du_meme_effecteur_gardent_chacun_leurs_creneaux(raccordement):
    second = RaccordementFactory(effecteur=raccordement.effecteur, lot=LotFactory(numero=1))
    _recevoir(raccordement, slot("a"))
    _recevoir(second, slot("b"))

    _recevoir(raccordement, slot("c"), maintenant=PLUS_TARD)

    assert sorted(_ids()) == ["b", "c"]
    assert len(CarteLieu.objects.get().debuts) == 2


def test_un_lieu_cree_est_retrouve_au_tour_suivant(raccordement):
    ailleurs = {"line": ["5 rue du Port"], "city": "Lille", "postalCode": "59000"}
    LieuExerciceFactory(effecteur=raccordement.effecteur, adresse="7 place Rihour")
    _recevoir(raccordement, slot(), adresse=ailleurs)

    bilan = _recevoir(raccordement, slot("s2"), adresse=ailleurs, maintenant=PLUS_TARD)

    assert (bilan.lieux_crees, _ids()) == (0, ["s2"])


def test_une_commune_introuvable_est_comptee_sans_rien_creer(raccordement):
    ailleurs = {"line": ["5 rue du Port"], "city": "Nulle-Part", "postalCode": "00000"}

    bilan = _recevoir(raccordement, slot(), adresse=ailleurs)

    assert (bilan.lieux_crees, bilan.creneaux["lieu_introuvable"]) == (0, 1)
    assert QualiteEditeur.objects.get(motif="lieu_introuvable").nombre == 1


def test_des_milliers_d_adresses_introuvables_ne_coutent_pas_des_milliers_de_requetes(
    raccordement, compter_requetes
):
    nombre = 3 * lieux.LIEUX_MAX
    adresses = [
        {"line": [f"{n} rue inventée"], "city": "Nulle-Part", "postalCode": "00000"} for n in range(nombre)
    ]
    ressources = [praticien()]
    for n, adresse in enumerate(adresses):
        ressources += [
            slot(f"s{n}", schedule={"reference": f"Schedule/a{n}"}),
            agenda(f"a{n}", role=f"r{n}"),
            role(f"r{n}", adresse=adresse, idnst=""),
        ]
    lecture = _lecture(raccordement.lot, [octets(bundle(*ressources))])

    requetes = compter_requetes(lambda: enregistrer(raccordement.editeur, [lecture], MAINTENANT))

    assert QualiteEditeur.objects.get(motif="lieu_introuvable").nombre == nombre
    assert requetes < 2 * nombre


def test_deux_editeurs_creent_les_memes_lieux_dans_le_meme_ordre(raccordement, monkeypatch):
    """Sans quoi deux lectures simultanées, chacune attendant un lieu que l’autre vient de créer, se bloqueraient."""
    autre = LieuExerciceFactory(effecteur__identifiant_national="810000000009").effecteur
    RaccordementFactory(effecteur=autre, lot=raccordement.lot)
    second = LotFactory(numero=1, editeur__code="second")
    for effecteur in (autre, raccordement.effecteur):
        RaccordementFactory(effecteur=effecteur, lot=second)
    essais = []
    monkeypatch.setattr(
        "agenda.editeurs.stockage.creer_lieu", lambda titulaire, lieu: essais.append((titulaire, lieu.ligne))
    )
    places = [("p1", RPPS, 1), ("p1", RPPS, 2), ("p2", "810000000009", 3)]

    for lot, rangs in ((raccordement.lot, places), (second, places[::-1])):
        ressources = [praticien(), praticien("p2", "810000000009")]
        for nom, _, n in rangs:
            ressources += [
                slot(f"s{n}", schedule={"reference": f"Schedule/a{n}"}),
                agenda(f"a{n}", nom, f"r{n}"),
                role(f"r{n}", nom, adresse=LILLE | {"line": [f"{n} rue neuve"]}, idnst=""),
            ]
        pages = [octets(bundle(*ressources))]
        enregistrer(lot.editeur, [_lecture(lot, pages, identifiants=(RPPS, "810000000009"))], MAINTENANT)

    assert len(essais) == 6
    assert essais[:3] == essais[3:]


def test_un_editeur_ne_remplit_pas_l_annuaire_d_adresses_inventees(raccordement, monkeypatch):
    monkeypatch.setattr(lieux, "LIEUX_MAX", 1)
    LieuExerciceFactory(effecteur=raccordement.effecteur, adresse="7 place Rihour")
    for rang in range(3):
        ailleurs = {"line": [f"{rang} rue inventée"], "city": "Lille", "postalCode": "59000"}
        _recevoir(raccordement, slot(), adresse=ailleurs, maintenant=MAINTENANT + dt.timedelta(minutes=rang))

    assert LieuExercice.objects.filter(source=SourceLieu.EDITEUR).count() == 1


def test_une_erreur_en_route_ne_laisse_rien_a_moitie_ecrit(raccordement, monkeypatch):
    def echouer(*arguments):
        raise RuntimeError("projection")

    monkeypatch.setattr("agenda.editeurs.stockage.rafraichir", echouer)

    with pytest.raises(RuntimeError):
        _recevoir(raccordement, slot())

    assert not AgendaEditeur.objects.exists()
    assert Lot.objects.get().lu_le is None


def test_qui_refuse_l_affichage_perd_ses_creneaux_d_editeur(raccordement):
    _recevoir(raccordement, slot())
    ParticipationFactory(
        effecteur=raccordement.effecteur, participe=False, modalite="", refuse_affichage=True
    )

    voisin = AgendaEditeurFactory()

    retires = retirer_affichages_refuses(PLUS_TARD)

    assert (retires, CarteLieu.objects.get().debuts) == (1, [])
    assert AgendaEditeur.objects.get() == voisin


def test_passe_sa_peremption_un_editeur_muet_n_est_plus_montre_puis_revient_a_sa_reponse(raccordement):
    raccordement.editeur.grise_s, raccordement.editeur.peremption_s = 300, 600
    raccordement.editeur.save()
    _recevoir(raccordement, slot())
    rafraichir_perimees(MAINTENANT)
    lieu = AgendaEditeur.objects.get().lieu

    assert retirer_agendas_perimes(MAINTENANT + dt.timedelta(minutes=10)) == 0
    assert retirer_agendas_perimes(MAINTENANT + dt.timedelta(minutes=10, seconds=1)) == 1
    assert rafraichir_perimees(PLUS_TARD) == 1
    assert CarteLieu.objects.get(lieu=lieu).debuts == []
    assert _recevoir(raccordement, slot(), maintenant=PLUS_TARD).agendas_changes == 1
    assert len(CarteLieu.objects.get(lieu=lieu).debuts) == 1


def test_la_tache_periodique_retire_ce_qui_a_peri(raccordement):
    _recevoir(raccordement, slot())
    jadis, un_jour = dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
    Lot.objects.update(lu_le=jadis, prochaine_le=un_jour)

    interroger_lots_dus()

    assert not AgendaEditeur.objects.exists()


def test_les_compteurs_du_jour_s_additionnent(raccordement):
    _recevoir(raccordement, slot(), slot("s2", status="busy"))
    _recevoir(raccordement, slot(), slot("s2", status="busy"), maintenant=PLUS_TARD)

    compteurs = dict(QualiteEditeur.objects.values_list("motif", "nombre"))
    assert compteurs.items() >= {"garde": 2, "status_not_free": 2, "appel_reussi": 2}.items()
    assert {q.jour for q in QualiteEditeur.objects.all()} == {MAINTENANT.date()}


def test_des_creneaux_qui_se_chevauchent_sont_gardes_et_comptes(raccordement):
    long = slot("s2", end="2026-11-24T09:30:00+01:00")

    bilan = _recevoir(raccordement, slot(), long)

    assert (len(_ids()), bilan.chevauchements) == (2, 1)
    assert QualiteEditeur.objects.get(motif="avert_chevauchement").nombre == 1


def test_un_rejet_et_un_echec_se_lisent_au_journal(raccordement):
    with capture_logs() as lignes:
        _recevoir(raccordement, slot("s9", status="busy"))
        enregistrer(raccordement.editeur, [_echec(raccordement.lot, EtatLot.DELAI)], PLUS_TARD)

    ecartes, non_lu = (
        next(li for li in lignes if li["event"] == e) for e in ("creneaux_ecartes", "editeur_non_lu")
    )
    assert ecartes["exemples"] == {"status_not_free": "s9"}
    assert non_lu["etat"] == "delai"


def test_le_journal_ne_recopie_pas_un_identifiant_qui_pourrait_nommer_quelqu_un(raccordement):
    with capture_logs() as lignes:
        _recevoir(raccordement, slot("RDV Jeanne Martin", status="busy"))

    assert "Martin" not in str(lignes)
    assert any(ligne["event"] == "creneaux_ecartes" for ligne in lignes)


def test_un_creneau_demesure_est_coupe_a_une_journee(raccordement):
    _recevoir(raccordement, slot(end="9999-12-31T23:59:59Z"))

    (creneau,) = AgendaEditeur.objects.get().creneaux
    assert creneau["f"] - creneau["d"] == 24 * 60


def test_raccorder_remplit_des_lots_de_vingt_cinq():
    editeur = EditeurFactory()
    effecteurs = [e.pk for e in EffecteurFactory.create_batch(30)]

    premiers = raccorder(editeur, effecteurs[:20], MAINTENANT)
    suivants = raccorder(editeur, effecteurs, MAINTENANT)

    tailles = [Raccordement.objects.filter(lot=lot).count() for lot in editeur.lots.order_by("numero")]
    assert (premiers, suivants, tailles) == (20, 10, [25, 5])
    assert all(lot.prochaine_le and lot.prochaine_le >= MAINTENANT for lot in editeur.lots.all())
