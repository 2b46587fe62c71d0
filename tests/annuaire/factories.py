"""Les plus petits objets valides de l’annuaire ; tout le monde et tous les numéros sont fictifs."""

import factory
from factory.django import DjangoModelFactory

from annuaire.enums import Conventionnement, PrecisionGeo, SourceLieu, TypeStructure
from annuaire.models import (
    Besoin,
    Commune,
    Departement,
    Effecteur,
    LieuExercice,
    Perimetre,
    Profession,
    Specialite,
    Structure,
    Territoire,
)
from comptes.enums import Role
from comptes.models import Compte
from sas_platform.socle.textes import normaliser
from tests.comptes.factories import DEBUT, HabilitationFactory


class DepartementFactory(DjangoModelFactory):
    class Meta:
        model = Departement
        django_get_or_create = ("code",)

    code = "59"
    nom = "Nord"
    region = "Hauts-de-France"
    zone = "metro"
    fuseau = "Europe/Paris"
    population = 2_615_635
    lat = 50.44722
    lon = 3.22056
    rayon_defaut_km = 10
    pas_elargissement_km = 5
    rayon_departement_km = 107

    class Params:
        reunion = factory.Trait(
            code="974",
            nom="La Réunion",
            region="La Réunion",
            zone="drom",
            fuseau="Indian/Reunion",
            population=889_679,
            lat=-21.11453,
            lon=55.53206,
            rayon_departement_km=71,
        )
        paris = factory.Trait(
            code="75",
            nom="Paris",
            region="Île-de-France",
            population=2_103_778,
            lat=48.85667,
            lon=2.34222,
            rayon_defaut_km=5,
            pas_elargissement_km=3,
            rayon_departement_km=14,
        )


class CommuneFactory(DjangoModelFactory):
    class Meta:
        model = Commune
        django_get_or_create = ("code_insee",)

    code_insee = "59350"
    nom = "Lille"
    nom_recherche = factory.LazyAttribute(lambda commune: normaliser(commune.nom))
    departement = factory.SubFactory(DepartementFactory)
    codes_postaux = factory.LazyFunction(lambda: ["59000", "59160", "59260", "59777", "59800"])
    population = 236_234
    lat = 50.63139
    lon = 3.04688

    class Params:
        reunion = factory.Trait(
            code_insee="97411",
            nom="Saint-Denis",
            departement=factory.SubFactory(DepartementFactory, reunion=True),
            codes_postaux=["97400", "97417", "97490"],
            population=153_810,
            lat=-20.93519,
            lon=55.44734,
        )


class ProfessionFactory(DjangoModelFactory):
    class Meta:
        model = Profession
        django_get_or_create = ("code",)

    code = "10"
    libelle = "Médecin"

    class Params:
        sage_femme = factory.Trait(code="50", libelle="Sage-femme")


class SpecialiteFactory(DjangoModelFactory):
    class Meta:
        model = Specialite
        django_get_or_create = ("code",)

    code = "SM54"
    libelle = "Médecine générale"
    profession = factory.SubFactory(ProfessionFactory)
    savoir_faire = factory.LazyFunction(lambda: ["SM26", "SM53", "SM54"])
    synonymes = factory.LazyFunction(lambda: ["généraliste", "médecin généraliste", "MG"])

    class Params:
        pediatrie = factory.Trait(
            code="SM40", libelle="Pédiatrie", savoir_faire=["SM40"], synonymes=["pédiatre"]
        )
        sage_femme = factory.Trait(
            code="P50",
            libelle="Sage-femme",
            profession=factory.SubFactory(ProfessionFactory, sage_femme=True),
            savoir_faire=[],
            synonymes=["maïeuticien"],
        )
        centre_de_sante = factory.Trait(
            code="CDS",
            libelle="Centre de santé",
            profession=None,
            savoir_faire=[],
            type_structure=TypeStructure.CDS,
            synonymes=[],
        )


class BesoinFactory(DjangoModelFactory):
    class Meta:
        model = Besoin
        skip_postgeneration_save = True

    code = "oreille"
    libelle = "Mal d’oreille"
    formulations = factory.LazyFunction(lambda: ["otite", "oreille bouchée"])

    @factory.post_generation
    def specialites(self, create, extracted):
        self.specialites.set(extracted or [])


class StructureFactory(DjangoModelFactory):
    class Meta:
        model = Structure

    type = TypeStructure.CDS
    nom = factory.Sequence(lambda n: f"Centre de santé fictif n° {n}")
    nom_recherche = factory.LazyAttribute(lambda structure: normaliser(structure.nom))
    finess = factory.Sequence(lambda n: f"5999{n:05d}")
    adresse = "1 place de la République"
    code_postal = "59000"
    commune = factory.SubFactory(CommuneFactory)
    lat = 50.63
    lon = 3.06
    telephone = "+33353010000"

    class Params:
        msp = factory.Trait(type=TypeStructure.MSP)
        cpts = factory.Trait(type=TypeStructure.CPTS)
        sos = factory.Trait(
            type=TypeStructure.SOS,
            finess=None,
            siret=factory.Sequence(lambda n: f"999{n:011d}"),
        )


class EffecteurFactory(DjangoModelFactory):
    """Médecin généraliste libéral, sans lieu d’exercice."""

    class Meta:
        model = Effecteur

    identifiant_national = factory.Sequence(lambda n: f"8999{n:08d}")
    civilite = "DR"
    nom = factory.Sequence(lambda n: f"FICTIF-{n}")
    prenom = "Camille"
    nom_recherche = factory.LazyAttribute(lambda effecteur: normaliser(f"{effecteur.prenom} {effecteur.nom}"))
    profession = factory.SubFactory(ProfessionFactory)
    savoir_faire = factory.LazyFunction(lambda: ["SM54"])
    conventionnement = Conventionnement.SECTEUR_1

    class Params:
        adeli = factory.Trait(identifiant_national=factory.Sequence(lambda n: f"0599{n:06d}"))
        sage_femme = factory.Trait(
            civilite="",
            profession=factory.SubFactory(ProfessionFactory, sage_femme=True),
            savoir_faire=[],
        )
        pediatre = factory.Trait(savoir_faire=["SM40"])
        inactif = factory.Trait(est_actif=False)


class LieuExerciceFactory(DjangoModelFactory):
    """Cabinet d’un généraliste, à Lille."""

    class Meta:
        model = LieuExercice

    effecteur = factory.SubFactory(EffecteurFactory)
    source = SourceLieu.FICTIVE
    cle = factory.Sequence(lambda n: f"fictif-{n}")
    adresse = "12 rue Nationale"
    code_postal = "59000"
    commune = factory.SubFactory(CommuneFactory)
    lat = 50.6365
    lon = 3.0635
    precision_geo = PrecisionGeo.NUMERO
    fuseau = factory.LazyAttribute(lambda lieu: lieu.commune.departement.fuseau)
    telephone = "+33353010001"
    mode_exercice = "L"
    secteur_activite = "SA07"

    class Params:
        reunion = factory.Trait(
            adresse="3 rue de Paris",
            code_postal="97400",
            commune=factory.SubFactory(CommuneFactory, reunion=True),
            lat=-20.8789,
            lon=55.4481,
        )
        de_structure = factory.Trait(
            effecteur=None,
            structure=factory.SubFactory(StructureFactory),
            nom=factory.LazyAttribute(lambda lieu: lieu.structure.nom),
            finess=factory.LazyAttribute(lambda lieu: lieu.structure.finess or ""),
            siret=factory.LazyAttribute(lambda lieu: lieu.structure.siret),
            mode_exercice="",
            secteur_activite="SA05",
        )


class TerritoireFactory(DjangoModelFactory):
    """Territoire sans commune ; `departements=[…]` ou `communes=[…]` lui en donne."""

    class Meta:
        model = Territoire
        skip_postgeneration_save = True

    nom = factory.Sequence(lambda n: f"SAS fictif n° {n}")

    @factory.post_generation
    def departements(self, create: bool, departements: list[Departement] | None, **kwargs: object) -> None:
        if create and departements:
            self.departements.set(departements)

    @factory.post_generation
    def communes(self, create: bool, communes: list[Commune] | None, **kwargs: object) -> None:
        if create and communes:
            self.communes.set(communes)


def habiliter(
    compte: Compte, role: Role, *, territoire: Territoire | None = None, structure: Structure | None = None
) -> Perimetre:
    """Donne à ce compte un rôle qui porte sur ce territoire ou cette structure."""
    habilitation = HabilitationFactory(compte=compte, role=role)
    return Perimetre.objects.create(
        habilitation=habilitation, territoire=territoire, structure=structure, debut_le=DEBUT
    )
