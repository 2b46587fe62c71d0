"""Verdict de chaque entrée Slot, motif par motif, et ce qui est gardé malgré ses défauts."""

import datetime as dt
from typing import Any

import pytest

from agenda.editeurs import codes
from agenda.editeurs.verdicts import RAISONS, fenetre_interrogee
from agenda.enums import ModaliteConsultation
from tests.agenda.editeurs.bundles import (
    ACTE,
    AUTRE_RPPS,
    CPTS,
    RENDEZ_VOUS,
    RPPS,
    SIRET,
    agenda,
    agenda_complet,
    avec,
    cpts_complete,
    lien_cpts,
    lire,
    point_fixe_sos,
    praticien,
    raisons,
    role,
    sans,
    slot,
    visibilite,
)

TOUT = agenda_complet()
MOTIFS: list[tuple[str, str, str, list[Any]]] = [
    ("id déjà vu", "duplicate_id", "ps", [slot(), slot(start="2026-11-24T10:00:00+01:00"), *TOUT]),
    ("occupé", "status_not_free", "ps", [slot(status="busy"), *TOUT]),
    ("sans statut", "status_not_free", "ps", [slot(status=None), *TOUT]),
    ("statut d’un autre type", "status_not_free", "ps", [slot(status={"x": 1}), *TOUT]),
    ("sans début", "bad_instant", "ps", [slot(start=None), *TOUT]),
    ("sans fin", "bad_instant", "ps", [slot(end=None), *TOUT]),
    ("jour sans heure", "bad_instant", "ps", [slot(start="2026-11-24"), *TOUT]),
    ("sans décalage", "bad_instant", "ps", [slot(start="2026-11-24T09:00:00.000"), *TOUT]),
    ("début en nombre", "bad_instant", "ps", [slot(start=1_790_000_000), *TOUT]),
    ("jour inexistant", "bad_instant", "ps", [slot(start="2026-02-30T09:00:00+01:00"), *TOUT]),
    ("début nul", "bad_instant", "ps", [slot() | {"start": None}, *TOUT]),
    ("durée nulle", "bad_interval", "ps", [slot(end="2026-11-24T09:00:00.000+01:00"), *TOUT]),
    ("fin avant le début", "bad_interval", "ps", [slot(end="2026-11-24T07:59:00Z"), *TOUT]),
    ("commencé", "past", "ps", [slot(start="2026-11-23T08:59:59+01:00"), *TOUT]),
    ("en l’an 1", "past", "ps", [slot(start="0001-01-01T00:00:00+14:00"), *TOUT]),
    (
        "au-delà de trois jours",
        "out_of_window",
        "ps",
        [slot(start="2026-11-26T00:00:00+01:00", end="2026-11-26T00:15:00+01:00"), *TOUT],
    ),
    (
        "en l’an 9999",
        "out_of_window",
        "ps",
        [slot(start="9999-12-31T23:59:58-14:00", end="9999-12-31T23:59:59-14:00"), *TOUT],
    ),
    ("agenda absent", "dangling_schedule", "ps", [slot(), praticien(), role()]),
    ("agenda sans référence", "dangling_schedule", "ps", [slot(schedule={}), *TOUT]),
    ("agenda en liste", "dangling_schedule", "ps", [slot(schedule=[{"reference": "Schedule/a1"}]), *TOUT]),
    ("l’agenda est un praticien", "dangling_schedule", "ps", [slot(schedule={"reference": "Practitioner/p1"}), *TOUT]),
    ("praticien absent", "no_practitioner", "ps", [slot(), agenda(), role()]),
    ("agenda sans acteur", "no_practitioner", "ps", [slot(), agenda() | {"actor": None}, praticien(), role()]),
    ("RPPS mal formé", "missing_idnps", "ps", [slot(), agenda(), praticien(rpps="10100050075"), role()]),
    ("RPPS en chiffres arabes", "missing_idnps", "ps", [slot(), agenda(), praticien(rpps="8١٠١٠٠٠٥٠٠٧٥"), role()]),
    (
        "RPPS sous un autre système",
        "missing_idnps",
        "ps",
        [slot(), agenda(), avec(praticien(), "identifier", 0, "system", "urn:oid:1.2.3"), role()],
    ),
    ("RPPS en nombre", "missing_idnps", "ps", [slot(), agenda(), avec(praticien(), "identifier", 0, "value", 810100050075), role()]),
    ("praticien non demandé", "not_requested", "ps", [slot(), agenda(), praticien(rpps=AUTRE_RPPS), role()]),
    ("sans rôle", "no_location", "ps", [slot(), agenda(), praticien()]),
    ("rôle sans lieu", "no_location", "ps", [slot(), agenda(), praticien(), sans(role(), "location")]),
    (
        "lieu contenu dans un autre rôle",
        "no_location",
        "ps",
        [slot(), agenda(), praticien(), sans(role(), "contained"), role("r2")],
    ),
    (
        "rôle d’un autre praticien",
        "role_mismatch",
        "ps",
        [slot(), agenda(), praticien(), praticien("p2", AUTRE_RPPS), role(praticien="p2")],
    ),
    ("rôle d’un praticien absent", "role_mismatch", "ps", [slot(), agenda(), praticien(), role(praticien="p9")]),
    ("association absente", "no_organization", "sos", [slot(), *point_fixe_sos()[:2]]),
    ("SIRET mal formé", "bad_siret", "sos", [slot(), *point_fixe_sos("33417374840002")]),
    ("association non demandée", "not_requested", "sos", [slot(), *point_fixe_sos("392080466300010")]),
    ("agenda SOS sans lieu", "no_location", "sos", [slot(), agenda() | {"actor": []}]),
    ("sans voie", "bad_address", "ps", [slot(), agenda(), praticien(), role(adresse={"line": [" "], "city": "Agen", "postalCode": "47000"})]),
    ("sans ville", "bad_address", "ps", [slot(), agenda(), praticien(), role(adresse={"line": ["1 rue"], "postalCode": "47000"})]),
    ("code postal à quatre chiffres", "bad_address", "ps", [slot(), agenda(), praticien(), role(adresse={"line": ["1 rue"], "city": "Agen", "postalCode": "4700"})]),
    ("code postal en nombre", "bad_address", "ps", [slot(), agenda(), praticien(), role(adresse={"line": ["1 rue"], "city": "Agen", "postalCode": 47000})]),
    ("adresse SOS vide", "bad_address", "sos", [slot(), point_fixe_sos()[0], sans(point_fixe_sos()[1], "address"), point_fixe_sos()[2]]),
    (
        "CPTS seule, sans lien",
        "cpts_unresolved",
        "cpts",
        [slot(meta={"security": [visibilite("CPTS")]}), *TOUT],
    ),
    (
        "CPTS seule, FINESS mal formé",
        "cpts_unresolved",
        "cpts",
        [slot(meta={"security": [visibilite("CPTS")]}, serviceType=[lien_cpts()]), *TOUT, *cpts_complete("950047225")],
    ),
    ("sans visibilité", "no_visibility", "ps", [slot(meta=None), *TOUT]),
    ("visibilité inconnue", "no_visibility", "ps", [slot(meta={"security": [visibilite("PATIENTS")]}), *TOUT]),
    (
        "visibilité d’un autre système",
        "no_visibility",
        "ps",
        [slot(meta={"security": [{"system": "urn:x", "code": "PUBLIC"}]}), *TOUT],
    ),
    ("même créneau sous deux ids", "duplicate", "ps", [slot("s0"), slot("s1"), *TOUT]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("raison", "cas", "ressources"),
    [
        pytest.param(raison, cas, ressources, id=f"{raison} : {nom}")
        for nom, raison, cas, ressources in MOTIFS
    ],
)
def test_un_creneau_fautif_recoit_le_code_de_son_premier_motif(raison, cas, ressources):
    lecture = lire(*ressources, cas=cas)

    assert raisons(lecture)[-1] == raison
    assert all(verdict == "" for verdict in raisons(lecture)[:-1])


def test_chaque_code_de_rejet_a_son_cas():
    assert {raison for _, raison, _, _ in MOTIFS} == set(RAISONS)


def test_le_premier_motif_de_la_table_l_emporte():
    lecture = lire(slot(), slot(status="busy", start=None), slot("s2", status="busy", start=None), *TOUT)

    assert raisons(lecture) == ["", "duplicate_id", "status_not_free"]


def test_un_creneau_sans_defaut_est_garde_avec_tout_ce_qu_il_dit():
    motif = {"text": "  Visite\nde contrôle\u0007 "}
    garde = slot(
        serviceType=[{"coding": [{"system": ACTE, "code": "HH"}, {"system": ACTE, "code": "AMB"}]}, motif],
        specialty=[{"coding": [{"code": "SM54"}]}, {"text": "Pneumologie"}],
        meta={"security": [visibilite("SNP"), visibilite("PUBLIC"), visibilite("INCONNUE")]},
    )

    (creneau,) = lire(garde, *TOUT).gardes()

    assert creneau.proprietaire == RPPS
    assert creneau.lieu.cle == ("1810004421", "1 rue Mme Delmas", "Agen", "47000")
    assert creneau.lieu.telephone == "+33553000000"
    assert creneau.lieu.id_interne == "lieu-r1"
    assert (creneau.debut, creneau.fin) == (29_925_120, 29_925_135)
    assert creneau.modalites == ("cabinet", "domicile")
    assert creneau.visibilites == ("PUBLIC", "SNP")
    assert creneau.motifs == ("Visite de contrôle",)
    assert creneau.specialites == ("SM54", "Pneumologie")
    assert creneau.lien == "https://rdv.exemple.fr/agenda?id=1"


def test_les_modalites_lues_sont_celles_de_l_agenda():
    assert list(codes.MODALITES.values()) == list(ModaliteConsultation.values)


@pytest.mark.parametrize(
    ("reference", "trouvee"),
    [
        ("Schedule/a1", True),
        ("https://editeur.exemple/fhir/Schedule/a1", True),
        ("https://x.exemple/1", True),
        ("https://editeur.exemple/fhir/Schedule/a1/_history/3", True),
        ("a1", False),
        ("Schedule/A1", False),
        ("#a1", False),
        ("", False),
    ],
)
def test_l_agenda_se_trouve_par_sa_reference_relative_son_fullurl_ou_son_url(reference, trouvee):
    lecture = lire(slot(schedule={"reference": reference}), *TOUT)

    assert raisons(lecture) == ["" if trouvee else "dangling_schedule"]


def test_deux_lieux_contenus_de_meme_id_restent_deux_lieux():
    autre = role("r2", adresse={"line": ["30 rue Haute"], "city": "Agen", "postalCode": "47000"}, idnst="")
    creneaux = [slot(), slot("s2", schedule={"reference": "Schedule/a2"})]

    lecture = lire(*creneaux, *TOUT, agenda("a2", role="r2"), autre)

    assert [c.lieu.ligne for c in lecture.gardes()] == ["1 rue Mme Delmas", "30 rue Haute"]


def test_deux_ressources_du_meme_rpps_sont_le_meme_praticien():
    lecture = lire(slot(), agenda(praticien="p2"), praticien(), praticien("p2"), role(praticien="p1"))

    assert raisons(lecture) == [""]


def test_un_rpps_accompagne_d_un_adeli_est_reconnu_par_celui_qui_est_demande():
    deux = avec(
        praticien(),
        "identifier",
        [
            {"system": codes.OID_PERSONNE, "value": "0471234567"},
            {"system": codes.OID_PERSONNE, "value": RPPS},
        ],
    )

    (creneau,) = lire(slot(), agenda(), deux, role()).gardes()

    assert creneau.proprietaire == RPPS


def test_un_code_cpts_sans_lien_laisse_les_autres_visibilites():
    lecture = lire(slot(meta={"security": [visibilite("CPTS"), visibilite("PRO")]}), *TOUT, cas="cpts")

    assert [c.visibilites for c in lecture.gardes()] == [("PRO",)]
    assert lecture.avertissements["cpts_sans_lien"] == 1


def test_un_creneau_de_cpts_porte_le_finess_de_sa_cpts():
    reserve = slot(meta={"security": [visibilite("CPTS")]}, serviceType=[lien_cpts(), lien_cpts("mort/x")])

    (creneau,) = lire(reserve, *TOUT, *cpts_complete(), cas="cpts").gardes()

    assert creneau.cpts == (CPTS,)


@pytest.mark.parametrize("systeme", sorted(codes.SYSTEMES_CATEGORIE))
def test_les_trois_ecritures_de_la_categorie_des_cpts_sont_lues(systeme):
    service = avec(lien_cpts(), "coding", 0, "system", systeme)
    reserve = slot(meta={"security": [visibilite("CPTS")]}, serviceType=[service])

    assert raisons(lire(reserve, *TOUT, *cpts_complete(), cas="cpts")) == [""]


def test_un_finess_corse_est_un_finess():
    reserve = slot(meta={"security": [visibilite("CPTS")]}, serviceType=[lien_cpts()])

    (creneau,) = lire(reserve, *TOUT, *cpts_complete("12A0012345"), cas="cpts").gardes()

    assert creneau.cpts == ("12A0012345",)


def test_un_creneau_sos_appartient_a_l_association():
    (creneau,) = lire(slot(), *point_fixe_sos(), cas="sos").gardes()

    assert (creneau.proprietaire, creneau.lieu.nom) == (SIRET, "Centre nord")


@pytest.mark.parametrize(
    ("champs", "sans_rendez_vous", "reservable"),
    [
        pytest.param({}, False, True, id="avec rendez-vous"),
        pytest.param({"comment": None}, False, False, id="avec rendez-vous, sans lien"),
        pytest.param({"comment": "javascript:alert(1)"}, False, False, id="lien qui n’en est pas un"),
        pytest.param({"comment": 42}, False, False, id="lien en nombre"),
        pytest.param(
            {"appointmentType": {"coding": [{"system": RENDEZ_VOUS, "code": "WALKIN"}]}},
            True,
            False,
            id="sans rendez-vous : le lien est ignoré",
        ),
        pytest.param({"appointmentType": None}, False, True, id="type absent, avec lien"),
        pytest.param({"appointmentType": None, "comment": None}, True, False, id="type absent, sans lien"),
        pytest.param({"appointmentType": "ROUTINE", "comment": None}, True, False, id="type illisible"),
    ],
)
def test_le_lien_dit_si_le_creneau_se_reserve(champs, sans_rendez_vous, reservable):
    (creneau,) = lire(slot(**champs), *TOUT).gardes()

    assert (creneau.sans_rendez_vous, bool(creneau.lien)) == (sans_rendez_vous, reservable)


def test_un_champ_annexe_illisible_ne_coute_pas_le_creneau():
    bizarre = slot(
        serviceType=[7, None, {"coding": "AMB"}, {"text": {"script": 1}}], specialty={"x": 1}, comment=[]
    )

    (creneau,) = lire(bizarre, *TOUT).gardes()

    assert (creneau.modalites, creneau.motifs, creneau.specialites, creneau.lien) == ((), (), (), "")


def test_les_textes_sont_bornes_mais_jamais_interpretes():
    script = "<script>alert(1)</script>"
    long = slot("x" * 10_000, serviceType=[{"text": script}, {"text": "é" * 5_000}])

    (verdict,) = lire(long, *TOUT).verdicts

    assert len(verdict.id) <= 64
    assert script in verdict.creneau.motifs
    assert max(map(len, verdict.creneau.motifs)) == 200


def test_deux_ids_demesures_restent_distincts():
    fin = "2026-11-24T10:00:00+01:00"
    lecture = lire(slot("x" * 10_000), slot("x" * 10_001, end=fin), *TOUT)

    assert len({verdict.id for verdict in lecture.verdicts}) == 2


def test_un_id_illisible_en_recoit_un_lisible():
    fin = "2026-11-24T10:00:00+01:00"
    ids = {verdict.id for verdict in lire(slot("a\0b"), slot("a\x01b", end=fin), *TOUT).verdicts}

    assert len(ids) == 2
    assert all(identifiant.isprintable() for identifiant in ids)


def test_un_creneau_sans_id_en_recoit_un_stable():
    premiere, seconde = (lire(slot(id=None), *TOUT).gardes()[0] for _ in range(2))

    assert premiere.id
    assert premiere.id == seconde.id


def test_des_creneaux_qui_se_chevauchent_sont_tous_gardes():
    lecture = lire(slot(), slot("s2", end="2026-11-24T09:30:00+01:00"), *TOUT)

    assert raisons(lecture) == ["", ""]


def test_un_creneau_qui_enjambe_le_changement_d_heure_garde_sa_vraie_duree():
    nuit = slot(start="2026-10-25T01:30:00+02:00", end="2026-10-25T02:30:00+01:00")
    le_24 = dt.datetime(2026, 10, 24, 10, 0, tzinfo=dt.UTC)

    (creneau,) = lire(nuit, *TOUT, maintenant=le_24).gardes()

    assert creneau.fin - creneau.debut == 120


def test_un_creneau_a_la_seconde_pres_couvre_ses_minutes_entamees():
    precis = slot(start="2026-11-24T09:00:30+01:00", end="2026-11-24T09:14:01+01:00")

    (creneau,) = lire(precis, *TOUT).gardes()

    assert (creneau.debut, creneau.fin) == (29_925_120, 29_925_135)


@pytest.mark.parametrize(
    ("maintenant", "fin"),
    [
        pytest.param("2026-11-23T08:00+00:00", "2026-11-25T23:00+00:00", id="fin du troisième jour à Paris"),
        pytest.param("2026-11-22T23:30+00:00", "2026-11-25T23:00+00:00", id="le jour est celui de Paris"),
        pytest.param(
            "2026-10-24T22:05+00:00", "2026-10-27T22:05+00:00", id="72 h, avant la fin du jour allongé"
        ),
        pytest.param("2026-03-28T22:00+00:00", "2026-03-30T22:00+00:00", id="passage à l’heure d’été"),
    ],
)
def test_la_fenetre_va_au_plus_a_72_h_et_a_la_fin_du_troisieme_jour(maintenant, fin):
    fenetre = fenetre_interrogee(dt.datetime.fromisoformat(maintenant))

    assert fenetre.fin == dt.datetime.fromisoformat(fin)
