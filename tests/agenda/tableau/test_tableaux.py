from datetime import UTC, datetime, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.urls import reverse
from django.utils.html import escape

from agenda.models import PeriodeOccupee, ReleveHebdomadaire
from annuaire.models import Delegation, Effecteur, LieuExercice, Rattachement
from comptes.enums import Role
from comptes.models import Trace
from participation.models import Sollicitation
from tests.agenda.factories import LUNDI, IndisponibiliteFactory
from tests.agenda.tableau.conftest import LUNDI_8H
from tests.annuaire.factories import EffecteurFactory, LieuExerciceFactory, StructureFactory, habiliter
from tests.comptes.factories import CompteFactory
from tests.participation.factories import ParticipationFactory, ParticipationStructureFactory

pytestmark = pytest.mark.django_db

ACCUEIL = "/tableau-de-bord/"


def professionnel(effecteur: Effecteur) -> str:
    return reverse("tableau:professionnel", kwargs={"effecteur_id": effecteur.pk})


def page(client, url: str = ACCUEIL) -> str:
    reponse = client.get(url)
    assert reponse.status_code == 200
    return reponse.content.decode()


def test_le_medecin_voit_ce_que_la_recherche_montre_et_ses_deux_jauges(agenda, medecin, naviguer):
    ParticipationFactory(effecteur=agenda.effecteur, forfait_reorientation=True)

    html = page(naviguer(medecin))

    assert "9\u00a0h – 10\u00a0h\u00a030" in html
    assert html.count("1\u00a0h\u00a030 / 2\u00a0h") >= 2
    assert "Affichage des créneaux de votre logiciel" in html
    assert "12 rue Nationale, 59000 Lille" in html
    assert reverse("agenda:semaine", kwargs={"lieu_id": agenda.pk}) in html


@pytest.mark.parametrize(
    ("reglages", "phrase", "agenda_ouvert"),
    [
        pytest.param({}, "1\u00a0h\u00a030 / 2\u00a0h", True, id="agenda saisi"),
        pytest.param({"interface": True}, "est à lui seul une condition", False, id="interfacé"),
        pytest.param({"sans_affichage": True}, "Insuffisant", True, id="affichage refusé"),
        pytest.param(
            {"via_sos": True, "utilise_logiciel": None},
            "En tant que participant au SAS via SOS Médecins",
            False,
            id="SOS Médecins",
        ),
    ],
)
def test_le_mode_du_tableau_suit_la_declaration(agenda, medecin, naviguer, reglages, phrase, agenda_ouvert):
    ParticipationFactory(effecteur=agenda.effecteur, **reglages)

    html = page(naviguer(medecin))

    assert phrase in html
    lien = reverse("agenda:semaine", kwargs={"lieu_id": agenda.pk})
    assert (f'href="{lien}"' in html) == agenda_ouvert


def test_la_premiere_fois_on_invite_a_renseigner_ses_parametres(agenda, medecin, naviguer):
    assert "Veuillez renseigner vos paramètres" in page(naviguer(medecin))


def test_sans_lieu_d_exercice_on_dit_a_qui_s_adresser(medecin, naviguer):
    assert "rapprochez-vous de votre ARS" in page(naviguer(medecin))  # inconnu de l’annuaire
    EffecteurFactory(identifiant_national=medecin.identifiant_national)
    assert "rapprochez-vous de votre ARS" in page(naviguer(medecin))  # connu, sans adresse


def test_un_telephone_absent_se_dit_en_rouge(lieu, medecin, naviguer):
    LieuExercice.objects.update(telephone="")

    assert "merci de le mettre à jour auprès de votre Ordre" in page(naviguer(medecin))


def test_une_fermeture_en_cours_se_dit_avec_ses_dates(agenda, medecin, naviguer):
    IndisponibiliteFactory(lieu=agenda)
    IndisponibiliteFactory(
        lieu=agenda,
        periode=DateTimeTZRange(
            datetime(2026, 11, 10, 11, tzinfo=UTC), datetime(2026, 11, 10, 15, tzinfo=UTC)
        ),
    )
    IndisponibiliteFactory(
        lieu=agenda,
        periode=DateTimeTZRange(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 2, tzinfo=UTC)),
    )

    html = page(naviguer(medecin))

    assert "vos disponibilités ne sont plus visibles dans le SAS" in html
    assert "le 02/11/2026" in html
    assert "le 10/11/2026 de 12\u00a0h à 16\u00a0h" in html
    assert "01/10/2026" not in html


def test_les_informations_sont_echappees(lieu, medecin, naviguer):
    texte = "<script>alert(1)</script> & l’interphone"
    LieuExercice.objects.update(informations_complementaires=texte)

    html = page(naviguer(medecin))

    assert escape(texte) in html
    assert texte not in html


def test_le_telephone_reserve_n_est_pas_ecrit_sur_le_tableau(lieu, medecin, naviguer):
    Sollicitation.objects.create(lieu=lieu, telephone_prive="+33612345678", max_par_jour=2)

    html = page(naviguer(medecin))

    assert "Téléphone réservé renseigné" in html
    assert "06 12 34 56 78" not in html
    assert "2 en sus par jour" in html


@pytest.mark.parametrize(
    ("pause", "attendu"),
    [
        pytest.param(datetime(2026, 11, 9, 20, tzinfo=UTC), "avant le 10/11/2026", id="minuit à La Réunion"),
        pytest.param(datetime(2026, 11, 1, 20, tzinfo=UTC), "", id="pause finie"),
    ],
)
def test_une_pause_se_dit_a_la_date_du_lieu_et_tant_qu_elle_dure(lieu, medecin, naviguer, pause, attendu):
    LieuExercice.objects.update(fuseau="Indian/Reunion")
    Sollicitation.objects.create(lieu=lieu, pause_jusqu_au=pause)

    html = page(naviguer(medecin))

    assert (f"Pas de sollicitation {attendu}" in html) == bool(attendu)
    assert ("Pas de sollicitation" in html) == bool(attendu)


def test_ce_qu_occupe_un_calendrier_externe_n_est_pas_une_indisponibilite(agenda, medecin, naviguer):
    debut = datetime(2026, 11, 2, 8, tzinfo=UTC)
    PeriodeOccupee.objects.create(lieu=agenda, debut=debut, fin=debut + timedelta(minutes=30))

    html = page(naviguer(medecin))

    assert "du 02/11/2026 à 9\u00a0h" not in html
    assert "1\u00a0h / 2\u00a0h" in html  # mais il retire ses heures


def test_l_anonyme_et_l_operateur_n_ont_pas_de_tableau(lieu, client, naviguer):
    assert client.get(ACCUEIL).status_code == 302
    osnp = naviguer(CompteFactory(osnp=True))
    assert osnp.get(ACCUEIL).status_code == 404
    assert osnp.get(professionnel(lieu.effecteur)).status_code == 404


def test_un_autre_medecin_ne_l_ouvre_pas(lieu, naviguer):
    autre = CompteFactory(effecteur=True)

    assert naviguer(autre).get(professionnel(lieu.effecteur)).status_code == 404


def test_la_deleguee_passe_de_sa_liste_au_tableau_sans_les_parametres(agenda, deleguee, naviguer):
    client = naviguer(deleguee)
    ParticipationFactory(effecteur=agenda.effecteur)
    url = professionnel(agenda.effecteur)

    assert url in page(client)
    html = page(client, url)

    assert "9\u00a0h – 10\u00a0h\u00a030" in html
    assert "Vos paramètres" not in html
    assert "1\u00a0h\u00a030 / 2\u00a0h" in html  # elle tient tous ses lieux
    assert Trace.objects.get(verbe="effecteur.lu").objet == f"effecteur:{agenda.effecteur_id}"


def test_une_delegation_bornee_a_un_lieu_n_en_montre_qu_un(agenda, deleguee, naviguer):
    autre = LieuExerciceFactory(effecteur=agenda.effecteur, adresse="99 rue Cachée")
    Delegation.objects.get().lieux.add(agenda)

    html = page(naviguer(deleguee), professionnel(agenda.effecteur))

    assert "12 rue Nationale" in html
    assert autre.adresse not in html
    assert "Heures de disponibilité" not in html  # elles diraient celles de l’autre lieu


def test_une_delegation_revoquee_se_voit_aussitot(agenda, deleguee, medecin, naviguer):
    client = naviguer(deleguee)
    page(client, professionnel(agenda.effecteur))

    Delegation.objects.update(revoquee_le=LUNDI_8H, revoquee_par=medecin)

    assert client.get(professionnel(agenda.effecteur)).status_code == 404


def test_le_gestionnaire_voit_son_centre_ses_medecins_et_leur_seul_lieu_du_centre(
    agenda, gestionnaire, centre, naviguer
):
    au_centre = LieuExerciceFactory(effecteur=agenda.effecteur, structure=centre, adresse="1 place du Centre")
    LieuExerciceFactory(effecteur=None, structure=centre, adresse="2 place du Centre")
    ailleurs = EffecteurFactory(nom="AILLEURS")
    ParticipationStructureFactory(structure=centre, nombre_effecteurs=3)
    client = naviguer(gestionnaire)
    url = reverse("tableau:structure", kwargs={"structure_id": centre.pk})

    assert url in page(client)
    html = page(client, url)

    assert "2 place du Centre" in html
    assert "0\u00a0min / 2\u00a0h en son nom" in html
    assert "3 professionnels de santé participants" in html
    assert "0\u00a0min / 6\u00a0h" in html
    assert professionnel(agenda.effecteur) in html
    assert ailleurs.nom not in html
    du_medecin = page(client, professionnel(agenda.effecteur))
    assert au_centre.adresse in du_medecin
    assert agenda.adresse not in du_medecin


def test_une_cpts_liste_ses_participants_et_n_ouvre_que_les_lieux_rattaches(lieu, maintenant, naviguer):
    cpts = StructureFactory(cpts=True, nom="CPTS de Lille")
    compte = CompteFactory()
    habiliter(compte, Role.GESTIONNAIRE_STRUCTURE, structure=cpts)
    ParticipationFactory(effecteur=lieu.effecteur, structure=cpts, modalite="cpts")
    rattache = LieuExerciceFactory(effecteur=EffecteurFactory(nom="RATTACHE"))
    Rattachement.objects.create(structure=cpts, lieu=rattache, debut_le=LUNDI_8H, accepte_le=LUNDI_8H)

    html = page(naviguer(compte), reverse("tableau:structure", kwargs={"structure_id": cpts.pk}))

    assert "Étienne FAVIER" in html
    assert "Inscrit le 02/11/2026" in html
    assert "Médecine générale" in html
    assert professionnel(lieu.effecteur) not in html
    assert professionnel(rattache.effecteur) in html


def test_une_structure_d_un_autre_n_existe_pas(gestionnaire, naviguer):
    autre = StructureFactory()

    url = reverse("tableau:structure", kwargs={"structure_id": autre.pk})

    assert naviguer(gestionnaire).get(url).status_code == 404


def test_les_releves_se_lisent_par_l_effecteur_et_lui_seul(lieu, medecin, deleguee, naviguer):
    ReleveHebdomadaire.objects.create(
        effecteur=lieu.effecteur,
        semaine=LUNDI - timedelta(weeks=1),
        minutes=150,
        seuil_min=120,
        releve_le=LUNDI_8H,
    )
    url = reverse("tableau:releves")

    html = page(naviguer(medecin), url)

    assert "26 octobre 2026" in html
    assert "2\u00a0h\u00a030 / 2\u00a0h" in html
    assert naviguer(deleguee).get(url).url == ACCUEIL


def test_les_listes_ne_font_pas_une_requete_par_ligne(
    centre, gestionnaire, deleguee, naviguer, compter_requetes
):
    client, autre = naviguer(gestionnaire), naviguer(deleguee)
    url = reverse("tableau:structure", kwargs={"structure_id": centre.pk})
    LieuExerciceFactory(structure=centre)
    page(client, url), page(autre)
    avant = compter_requetes(lambda: page(client, url)), compter_requetes(lambda: page(autre))

    for _ in range(5):
        lieu = LieuExerciceFactory(structure=centre)
        Delegation.objects.create(
            delegataire=deleguee,
            effecteur=lieu.effecteur,
            debut_le=LUNDI_8H,
            consentie_le=LUNDI_8H,
            consentie_par=deleguee,
        )

    assert (compter_requetes(lambda: page(client, url)), compter_requetes(lambda: page(autre))) == avant
