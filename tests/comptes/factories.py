from datetime import UTC, datetime

import factory
from factory.django import DjangoModelFactory

from comptes.enums import Portee, Role
from comptes.models import Compte, Habilitation, Jeton

DEBUT = datetime(2026, 1, 1, tzinfo=UTC)


def _habilitation(role: Role) -> factory.RelatedFactory:
    return factory.RelatedFactory(
        "tests.comptes.factories.HabilitationFactory", factory_related_name="compte", role=role
    )


class CompteFactory(DjangoModelFactory):
    """Une personne sans rôle ; `role=Role.OSNP` ou un trait lui en donne un."""

    class Meta:
        model = Compte
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"personne{n}@exemple.invalid")
    nom = factory.Sequence(lambda n: f"Personne-{n}")
    prenom = "Alix"

    class Params:
        osnp = factory.Trait(habilitation=_habilitation(Role.OSNP))
        effecteur = factory.Trait(
            habilitation=_habilitation(Role.EFFECTEUR),
            identifiant_national=factory.Sequence(lambda n: f"8998{n:08d}"),
        )
        administrateur = factory.Trait(habilitation=_habilitation(Role.ADMINISTRATEUR))
        inactif = factory.Trait(is_active=False)

    @factory.post_generation
    def role(self, create: bool, role: Role | None, **kwargs: object) -> None:
        if create and role:
            HabilitationFactory(compte=self, role=role)


class HabilitationFactory(DjangoModelFactory):
    class Meta:
        model = Habilitation

    compte = factory.SubFactory(CompteFactory)
    role = Role.OSNP
    debut_le = DEBUT

    class Params:
        finie = factory.Trait(fin_le=datetime(2026, 6, 30, tzinfo=UTC))


class JetonFactory(DjangoModelFactory):
    """Jeton valide jusqu’en 2099 ; son secret est « secret-<n> »."""

    class Meta:
        model = Jeton

    compte = factory.SubFactory(CompteFactory, osnp=True)
    empreinte = factory.Sequence(lambda n: Jeton.empreinte_de(f"secret-{n}"))
    portees = factory.LazyFunction(lambda: [Portee.RECHERCHE, Portee.ORIENTATION])
    expire_le = datetime(2099, 1, 1, tzinfo=UTC)

    class Params:
        expire = factory.Trait(expire_le=datetime(2026, 2, 1, tzinfo=UTC))
        revoque = factory.Trait(revoque_le=datetime(2026, 2, 1, tzinfo=UTC))
