from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from participation.domaine.declaration import (
    Declaration,
    DeclarationStructure,
    droit,
    effets,
    effets_structure,
    pertinente,
    refus,
    refus_structure,
)

INTERFACE = Declaration(participe=True, modalite="individuel", utilise_logiciel=True, logiciels=1)
SAISIE = Declaration(participe=True, modalite="individuel", utilise_logiciel=False, declare_deux_heures=True)
VIA_CPTS = replace(SAISIE, modalite="cpts", type_structure="cpts", lieux_rattaches=1)
VIA_SOS = Declaration(participe=True, modalite="sos", type_structure="sos")
FIN_2025 = date(2025, 12, 31)

declarations = st.builds(
    Declaration,
    participe=st.booleans(),
    modalite=st.sampled_from(["", "individuel", "cpts", "msp", "sos"]),
    type_structure=st.sampled_from(["", "cpts", "msp", "sos", "cds"]),
    lieux_rattaches=st.integers(0, 2),
    utilise_logiciel=st.sampled_from([None, True, False]),
    logiciels=st.integers(0, 2),
    declare_deux_heures=st.booleans(),
    refuse_affichage=st.booleans(),
    forfait_reorientation=st.booleans(),
)


@pytest.mark.parametrize(
    ("declaration", "champs"),
    [
        pytest.param(Declaration(), [], id="ne participe pas : rien à répondre"),
        pytest.param(Declaration(refuse_affichage=True), [], id="refuse l’affichage sans participer"),
        pytest.param(INTERFACE, [], id="individuel, interfacé"),
        pytest.param(SAISIE, [], id="individuel, agenda saisi"),
        pytest.param(VIA_CPTS, [], id="via une CPTS"),
        pytest.param(replace(VIA_CPTS, modalite="msp", type_structure="msp"), [], id="via une MSP"),
        pytest.param(VIA_SOS, [], id="via SOS Médecins : rien d’autre à déclarer"),
        pytest.param(Declaration(participe=True), ["modalite"], id="P-01"),
        pytest.param(replace(VIA_CPTS, type_structure=""), ["structure"], id="P-02, aucune structure"),
        pytest.param(
            replace(VIA_CPTS, type_structure="msp"), ["structure"], id="W-41, une MSP pour une CPTS"
        ),
        pytest.param(
            replace(VIA_SOS, type_structure="cds"), ["structure"], id="W-41, un centre pour SOS Médecins"
        ),
        pytest.param(replace(VIA_CPTS, lieux_rattaches=0), ["lieux"], id="P-03, que W-41 laissait passer"),
        pytest.param(replace(SAISIE, utilise_logiciel=None), ["utilise_logiciel"], id="P-04"),
        pytest.param(
            replace(SAISIE, declare_deux_heures=False), ["declare_deux_heures"], id="P-05, sans logiciel"
        ),
        pytest.param(
            replace(INTERFACE, refuse_affichage=True), ["declare_deux_heures"], id="P-05, affichage refusé"
        ),
        pytest.param(replace(INTERFACE, logiciels=0), ["logiciels"], id="P-07, aucun logiciel nommé"),
        pytest.param(
            Declaration(participe=True, modalite="cpts"),
            ["structure", "lieux", "utilise_logiciel"],
            id="toutes les questions d’un coup",
        ),
    ],
)
def test_chaque_reponse_manquante_se_dit_sur_sa_question(declaration, champs):
    assert [r.champ for r in refus(declaration)] == champs


@pytest.mark.parametrize(
    ("declaration", "champs"),
    [
        pytest.param(DeclarationStructure("cds"), [], id="ne participe pas"),
        pytest.param(DeclarationStructure("cds", True, True, 3), [], id="centre complet"),
        pytest.param(
            DeclarationStructure("cds", True, True, 0), ["nombre_effecteurs"], id="aucun professionnel"
        ),
        pytest.param(
            DeclarationStructure("cds", True, False, 3), ["declare_deux_heures"], id="sans déclaration"
        ),
        pytest.param(DeclarationStructure("sos", True, True, 0), [], id="SOS Médecins, sans nombre"),
        pytest.param(
            DeclarationStructure("sos", True, False), ["declare_deux_heures"], id="SOS, sans déclaration"
        ),
        pytest.param(
            DeclarationStructure("cpts", True, True, 3), ["participe"], id="une CPTS n’a pas de réglages"
        ),
    ],
)
def test_une_structure_declare_ses_heures_et_ses_professionnels(declaration, champs):
    assert [r.champ for r in refus_structure(declaration)] == champs


@pytest.mark.parametrize(
    ("declaration", "jour", "limite", "interfacee", "ouvert"),
    [
        pytest.param(INTERFACE, date(2026, 3, 2), FIN_2025, False, True, id="interfacé, 2026"),
        pytest.param(SAISIE, FIN_2025, FIN_2025, False, True, id="agenda saisi, dernier jour"),
        pytest.param(SAISIE, date(2026, 1, 1), FIN_2025, False, False, id="agenda saisi, 1er janvier 2026"),
        pytest.param(SAISIE, date(2026, 1, 1), None, False, True, id="agenda saisi, arbitrage favorable"),
        pytest.param(VIA_CPTS, date(2026, 1, 1), FIN_2025, True, True, id="organisation interfacée"),
        pytest.param(VIA_CPTS, date(2026, 1, 1), FIN_2025, False, False, id="organisation non interfacée"),
        pytest.param(
            SAISIE, date(2026, 1, 1), FIN_2025, True, False, id="individuel : l’organisation n’y fait rien"
        ),
        pytest.param(VIA_SOS, date(2026, 1, 1), FIN_2025, False, True, id="SOS Médecins"),
        pytest.param(
            Declaration(declare_deux_heures=True), FIN_2025, FIN_2025, False, False, id="ne participe pas"
        ),
        pytest.param(
            replace(INTERFACE, refuse_affichage=True),
            FIN_2025,
            FIN_2025,
            False,
            False,
            id="refus sans déclaration",
        ),
    ],
)
def test_le_droit_suit_la_regle_du_jour(declaration, jour, limite, interfacee, ouvert):
    obtenu = droit(declaration, jour=jour, saisie_admise_jusqu_au=limite, structure_interfacee=interfacee)

    assert obtenu.ouvert is ouvert
    assert obtenu.raison


def test_la_raison_nomme_le_jour_ou_la_regle_a_change():
    assert (
        "Depuis le 1er janvier 2026"
        in droit(SAISIE, jour=date(2026, 5, 4), saisie_admise_jusqu_au=FIN_2025).raison
    )


@given(declarations)
def test_ce_qui_n_a_plus_d_objet_s_efface_et_rien_ne_se_coche_seul(declaration):
    gardee = pertinente(declaration)

    assert pertinente(gardee) == gardee
    assert gardee.declare_deux_heures <= declaration.declare_deux_heures
    assert gardee.refuse_affichage == declaration.refuse_affichage
    assert gardee.forfait_reorientation == declaration.forfait_reorientation


@given(declarations)
def test_effacer_le_sans_objet_ne_cree_ni_ne_leve_de_refus(declaration):
    assert refus(pertinente(declaration)) == refus(declaration)


@given(declarations)
def test_une_participation_admise_montre_toujours_quelque_chose(declaration):
    """Les quatre voies du guide : créneaux d’éditeur, deux heures saisies, ou l’association."""
    if declaration.participe and not refus(declaration):
        voies = (
            declaration.montre_ses_creneaux_d_editeur,
            declaration.declare_deux_heures,
            declaration.modalite == "sos",
        )
        assert any(voies)


@given(declarations)
def test_l_agenda_saisi_et_les_creneaux_declares_de_l_editeur_s_excluent(declaration):
    assert not (declaration.agenda_saisi_ouvert and declaration.montre_ses_creneaux_d_editeur)


@pytest.mark.parametrize(
    ("declaration", "morceau"),
    [
        pytest.param(INTERFACE, "agenda saisi est fermé", id="interfacé"),
        pytest.param(replace(INTERFACE, refuse_affichage=True), "disparaissent aussitôt", id="refus"),
        pytest.param(VIA_SOS, "points fixes", id="SOS"),
        pytest.param(
            replace(SAISIE, modalite="msp", type_structure="msp"), "votre maison de santé", id="MSP"
        ),
        pytest.param(
            Declaration(refuse_affichage=True), "n’êtes pas éligible", id="P-08, refus sans participer"
        ),
        pytest.param(
            replace(SAISIE, forfait_reorientation=True),
            "dans la liste du forfait de réorientation",
            id="forfait",
        ),
    ],
)
def test_chaque_reponse_dit_son_effet(declaration, morceau):
    assert morceau in " ".join(effets(declaration))


@pytest.mark.parametrize(
    ("declaration", "dits", "tus"),
    [
        pytest.param(
            DeclarationStructure("cds", True, True, 3),
            ["Votre centre paraît aussitôt", "peut le solliciter", "6~heures de disponibilité par semaine"],
            ["éligible", "quand même"],
            id="centre",
        ),
        pytest.param(
            DeclarationStructure("cds", nombre_effecteurs=3),
            ["ne le sollicite pas", "sont montrées à la régulation quand même", "avenant n°~4"],
            ["sont attendues", "paraît aussitôt"],
            id="centre qui ne participe pas",
        ),
        pytest.param(
            DeclarationStructure("sos", True, True),
            ["Votre association paraît aussitôt", "peut la solliciter", "2~heures"],
            ["0~heures", "centre"],
            id="association",
        ),
        pytest.param(
            DeclarationStructure("sos"),
            ["Votre association ne paraît pas", "ne la sollicite pas"],
            ["avenant", "centre", "sont attendues"],
            id="association qui ne participe pas",
        ),
    ],
)
def test_chaque_reponse_d_une_structure_dit_son_effet(declaration, dits, tus):
    phrases = " ".join(effets_structure(declaration)).replace("\u00a0", "~")

    assert all(morceau in phrases for morceau in dits), phrases
    assert not any(morceau in phrases for morceau in tus), phrases
