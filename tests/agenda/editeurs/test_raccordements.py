"""Qui est demandé à qui, et sous quelle forme : CPTS, SOS Médecins, et ce qui change de l’un à l’autre."""

import datetime as dt

import pytest

from agenda.editeurs.memoire import demandes_par_lot
from agenda.editeurs.raccordements import raccorder, raccorder_associations, reclasser
from agenda.enums import Cas, Flux
from agenda.models import Lot, OffrePerimee, Raccordement
from annuaire.models import Rattachement
from participation.models import Participation
from tests.agenda.editeurs.bundles import MAINTENANT
from tests.agenda.factories import AgendaEditeurFactory, EditeurFactory
from tests.annuaire.factories import (
    EffecteurFactory,
    LieuExerciceFactory,
    StructureFactory,
)
from tests.participation.factories import ParticipationFactory

pytestmark = pytest.mark.django_db
HIER = MAINTENANT - dt.timedelta(days=1)


@pytest.fixture
def editeur():
    return EditeurFactory(flux=[Flux.PS, Flux.CPTS, Flux.SOS])


def _cas():
    """Forme de requête de chaque effecteur raccordé."""
    return dict(Raccordement.objects.values_list("effecteur", "lot__cas"))


def _membre():
    return ParticipationFactory(via_cpts=True, interface=True).effecteur


def test_un_membre_d_une_cpts_est_demande_a_part_par_participation_ou_par_rattachement(editeur):
    membre, seul = _membre(), EffecteurFactory()
    rattache = Rattachement.objects.create(
        lieu=LieuExerciceFactory(), structure=StructureFactory(cpts=True), debut_le=HIER, accepte_le=HIER
    ).lieu.effecteur
    d_une_maison = Rattachement.objects.create(
        lieu=LieuExerciceFactory(), structure=StructureFactory(msp=True), debut_le=HIER, accepte_le=HIER
    ).lieu.effecteur

    raccorder(editeur, [membre.pk, seul.pk, rattache.pk, d_une_maison.pk], MAINTENANT)

    assert _cas() == {membre.pk: "cpts", rattache.pk: "cpts", seul.pk: "ps", d_une_maison.pk: "ps"}
    assert {lot.cas for lot in Lot.objects.all()} == {"ps", "cpts"}


def test_chez_un_editeur_sans_flux_cpts_un_membre_est_demande_comme_les_autres():
    membre = _membre()

    raccorder(EditeurFactory(), [membre.pk], MAINTENANT)

    assert _cas() == {membre.pk: "ps"}


def test_entrer_dans_une_cpts_puis_en_sortir_change_de_lot(editeur):
    effecteur = EffecteurFactory()
    raccorder(editeur, [effecteur.pk], MAINTENANT)

    ParticipationFactory(effecteur=effecteur, via_cpts=True, interface=True)
    entres = reclasser(MAINTENANT), _cas()
    Participation.objects.update(modalite="individuel", structure=None)
    sortis = reclasser(MAINTENANT), _cas()

    assert entres == (1, {effecteur.pk: "cpts"})
    assert sortis == (1, {effecteur.pk: "ps"})
    assert reclasser(MAINTENANT) == 0


def test_l_editeur_qui_ouvre_ou_ferme_le_flux_des_cpts_fait_changer_de_lot(editeur):
    membre = _membre()
    editeur.flux = [Flux.PS]
    editeur.save()
    raccorder(editeur, [membre.pk], MAINTENANT)

    editeur.flux = [Flux.PS, Flux.CPTS]
    editeur.save()
    ouvert = reclasser(MAINTENANT), _cas()
    editeur.flux = [Flux.PS]
    editeur.save()
    ferme = reclasser(MAINTENANT), _cas()

    assert (ouvert, ferme) == ((1, {membre.pk: "cpts"}), (1, {membre.pk: "ps"}))


def test_changer_de_lot_ne_rajeunit_pas_les_creneaux_et_fait_relire_tout_de_suite(editeur):
    membre, ancien = EffecteurFactory(), _membre()
    raccorder(editeur, [membre.pk, ancien.pk], MAINTENANT)
    agenda = AgendaEditeurFactory(
        raccordement=Raccordement.objects.get(effecteur=membre), lieu=LieuExerciceFactory(effecteur=membre)
    )
    Lot.objects.filter(cas=Cas.PS).update(lu_le=HIER)
    Lot.objects.filter(cas=Cas.CPTS).update(lu_le=MAINTENANT)
    ParticipationFactory(effecteur=membre, via_cpts=True, interface=True)
    OffrePerimee.objects.all().delete()

    reclasser(MAINTENANT)

    lot = Raccordement.objects.get(effecteur=membre).lot
    assert (lot.cas, lot.lu_le, lot.prochaine_le) == ("cpts", HIER, MAINTENANT)
    assert OffrePerimee.objects.filter(pk=agenda.lieu_id).exists()


def test_les_associations_vont_dix_par_dix_dans_leurs_propres_lots(editeur):
    associations = [a.pk for a in StructureFactory.create_batch(12, sos=True)]
    raccorder(editeur, [EffecteurFactory().pk], MAINTENANT)

    nombre = raccorder_associations(editeur, associations, MAINTENANT)

    tailles = [lot.raccordements.count() for lot in editeur.lots.filter(cas=Cas.SOS).order_by("numero")]
    assert (nombre, tailles) == (12, [10, 2])
    assert raccorder_associations(editeur, associations, MAINTENANT) == 0


def test_seule_une_association_sos_de_chaque_siret_est_raccordee(editeur):
    une = StructureFactory(sos=True, siret="34173748400020")
    jumelle = StructureFactory(sos=True, siret="34173748400020")
    centre = StructureFactory(siret="11111111111111")

    raccorder_associations(editeur, [jumelle.pk, une.pk, centre.pk], MAINTENANT)

    assert [r.structure for r in Raccordement.objects.all()] == [une]


def test_une_association_est_demandee_par_son_siret_prefixe(editeur):
    raccorder_associations(editeur, [StructureFactory(sos=True, siret="34173748400020").pk], MAINTENANT)
    lot = Lot.objects.get()

    demandes = demandes_par_lot([lot.pk])[lot.pk]

    assert (demandes.cas, demandes.memoires) == ("sos", {"334173748400020": None})


def test_une_association_fermee_ou_un_flux_ferme_ne_demande_rien(editeur):
    association = StructureFactory(sos=True)
    raccorder_associations(editeur, [association.pk], MAINTENANT)
    lot = Lot.objects.get()

    association.est_active = False
    association.save()
    fermee = demandes_par_lot([lot.pk])
    association.est_active = True
    association.save()
    editeur.flux = [Flux.PS]
    editeur.save()

    assert (fermee, demandes_par_lot([lot.pk])) == ({}, {})
