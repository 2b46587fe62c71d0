"""Créer ou modifier un compte : un seul formulaire, où chaque rôle apporte ses champs (U-11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from dsfr.forms import DsfrBaseForm

from annuaire.champs import Champ, champ, territoires_du
from annuaire.gestion.actions import CompteRefuse
from annuaire.gestion.forms.champs import AdresseField, ClesField, NomField, SansMention
from annuaire.gestion.forms.regles import ReglesDuCompte
from annuaire.gestion.forms.trouvailles import RechercheDansLAnnuaire
from annuaire.gestion.saisie import PARIS, TERRITORIAUX, Etat, RoleVoulu, Saisie
from comptes.droits import roles_accordables
from comptes.enums import Action, Role
from comptes.models import Compte
from sas_platform.socle.jours import JourField, fin_du_jour

_IDENTITE = ("email", "nom", "prenom", "numero_cpx")
_PAR_PRO_SANTE_CONNECT = (
    "S’identifie par Pro Santé Connect : saisissez son numéro RPPS ci-dessus, il retrouvera ce compte dès sa "
    "première connexion. Faites-le d’abord enregistrer au RPPS+ s’il n’a pas de numéro."
)
AIDES = {
    Role.OSNP: _PAR_PRO_SANTE_CONNECT,
    Role.IOA: _PAR_PRO_SANTE_CONNECT,
    Role.REGULATEUR: _PAR_PRO_SANTE_CONNECT,
    Role.EFFECTEUR: "Son nom et ses lieux d’exercice viennent de l’annuaire, d’après le numéro saisi ci-dessus.",
    Role.DELEGATAIRE: "Chaque titulaire recevra un courriel : la délégation ne vaut qu’avec son accord.",
    Role.REFERENT: "S’ajoute à un rôle de métier.",
}


@dataclass(frozen=True, slots=True)
class Cadre:
    """Ce que peut accorder qui saisit ; lu une fois, même pour un lot."""

    acteur: Compte
    instant: datetime
    champ: Champ
    accordables: list[Role]
    territoires: list[tuple[int, str]]

    @classmethod
    def de(cls, acteur: Compte, *, instant: datetime) -> Cadre:
        gere = champ(acteur, Action.GERER_COMPTES, instant=instant)
        noms = territoires_du(gere).order_by("nom", "pk").values_list("pk", "nom")
        accordables = roles_accordables(acteur.roles)
        return cls(acteur, instant, gere, [role for role in Role if role in accordables], list(noms))


@dataclass(frozen=True, slots=True)
class Section:
    """Les champs d’un rôle, que la page montre quand il est coché."""

    role: Role
    aide: str
    champs: list[forms.BoundField]


class CompteForm(SansMention, ReglesDuCompte, RechercheDansLAnnuaire, DsfrBaseForm):
    email = AdresseField(
        label="Adresse électronique",
        max_length=254,
        help_text="Une adresse valide, propre à la personne : tous les courriels y seront envoyés.",
        error_messages={"required": "Veuillez saisir une adresse électronique."},
    )
    roles = forms.MultipleChoiceField(label="Rôles", required=False, widget=forms.CheckboxSelectMultiple)
    identifiant = forms.CharField(
        label="Numéro RPPS ou ADELI",
        required=False,
        max_length=100,
        help_text="Nécessaire pour un effecteur ; ou son nom, pour le chercher dans l’annuaire.",
    )
    identifiant_choisi = forms.CharField(label="Professionnels trouvés", required=False, max_length=20)
    nom = NomField(label="Nom", required=False, max_length=100)
    prenom = NomField(label="Prénom", required=False, max_length=100)
    numero_cpx = forms.RegexField(
        label="Numéro de carte CPX",
        regex=r"^[0-9A-Za-z/ -]*$",
        required=False,
        max_length=20,
        error_messages={"invalid": "Le numéro de carte s’écrit avec des chiffres et des lettres."},
    )
    homonyme = forms.BooleanField(label="C’est une autre personne que celle qui porte ce nom", required=False)

    def __init__(
        self,
        *args: Any,
        cadre: Cadre,
        compte: Compte | None = None,
        signaler_homonymes: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.acteur, self.instant, self.compte = cadre.acteur, cadre.instant, compte
        self.champ_gere, self.accordables = cadre.champ, cadre.accordables
        self.signaler_homonymes = signaler_homonymes and compte is None
        self.fields["roles"].choices = [(role.value, role.label) for role in self.accordables]
        self.fields["identifiant_choisi"].widget = forms.RadioSelect()
        self.identifiant_national: str | None = compte.identifiant_national if compte else None
        self.homonymes: list[Compte] = []
        self._poser_les_champs_des_roles(cadre.territoires)
        if compte is not None and compte.identifiant_national:
            self.fields["identifiant"].disabled = True
            self.fields["identifiant"].help_text = "Le numéro d’un compte ne se change pas."
        if Role.EFFECTEUR in (self.initial.get("roles") or []):
            self.fields["nom"].disabled = self.fields["prenom"].disabled = True
        if not self.is_bound:
            self.montrer("structures", map(int, self.initial.get("structures") or []))

    def _poser_les_champs_des_roles(self, territoires: list[tuple[int, str]]) -> None:
        for role in self.accordables:
            self.fields[f"fin_{role}"] = JourField(
                label="Dernier jour", help_text="Vide : sans limite.", required=False
            )
            if role in TERRITORIAUX:
                cases = ClesField(label="Territoires", choices=territoires)
                cases.initial = [territoires[0][0]] if len(territoires) == 1 else None
                self.fields[f"territoires_{role}"] = cases
        nom_ou_numero = "Nom, FINESS ou SIRET ; plusieurs numéros séparés par des virgules."
        for nom, libelle, aide in (
            ("structures_cherche", "Structure rattachée", nom_ou_numero),
            ("sos_cherche", "Association SOS Médecins", "Nom ou SIRET."),
            ("cpts_cherche", "CPTS", "Nom ou FINESS."),
            ("professionnels_cherche", "Professionnel(s) lié(s)", "Nom, RPPS ou ADELI."),
            ("structures_liees_cherche", "Gestionnaire(s) de structure lié(s)", nom_ou_numero),
        ):
            self.fields[nom] = forms.CharField(label=libelle, help_text=aide, required=False, max_length=1000)
        self.fields["structures"] = ClesField(label="Structures rattachées")
        self.fields["professionnels"] = ClesField(label="Professionnels dont il tiendra l’agenda")
        self.fields["structures_liees"] = ClesField(label="Structures dont il tiendra les agendas")

    def est_facultatif(self, nom: str) -> bool:
        return nom in ("identifiant", "numero_cpx") or nom.startswith("fin_")

    def geler_l_identite(self) -> None:
        """Un compte d’un autre territoire aussi : son identité n’est pas à un seul gestionnaire."""
        for nom in _IDENTITE:
            self.fields[nom].disabled = True

    @property
    def identite(self) -> Iterator[forms.BoundField]:
        noms = ["email", "identifiant", "identifiant_choisi", "nom", "prenom", "numero_cpx"]
        if self.homonymes:
            noms.insert(5, "homonyme")
        return (self[nom] for nom in noms if nom != "identifiant_choisi" or self.choix_effecteurs)

    @property
    def sections(self) -> list[Section]:
        propres = {
            Role.GESTIONNAIRE_STRUCTURE: [
                "structures_cherche",
                "sos_cherche",
                "cpts_cherche",
                "structures",
            ],
            Role.DELEGATAIRE: [
                "professionnels_cherche",
                "professionnels",
                "structures_liees_cherche",
                "structures_liees",
            ],
        }
        sections = []
        for role in self.accordables:
            noms = [f"territoires_{role}"] if role in TERRITORIAUX else propres.get(role, [])
            cases_vides = {
                n for n in noms if hasattr(self.fields[n], "choices") and not self.fields[n].choices
            }
            champs = [self[n] for n in [*noms, f"fin_{role}"] if n not in cases_vides]
            sections.append(Section(role, AIDES.get(role, ""), champs))
        return sections

    def clean(self) -> dict[str, Any]:
        super().clean()
        self._garder_ce_qui_est_fige()
        self.resoudre()
        roles = {Role(role) for role in self.cleaned_data.get("roles") or []}
        self.verifier_roles(roles)
        self.verifier_identite(roles)
        self.verifier_perimetres(roles)
        self.verifier_adresse()
        return self.cleaned_data

    def _garder_ce_qui_est_fige(self) -> None:
        """Ce que la personne ne peut pas changer ne l’empêche pas d’enregistrer le reste."""
        for nom in _IDENTITE:
            if self.fields[nom].disabled:
                self.errors.pop(nom, None)
                self.cleaned_data[nom] = self.initial[nom]

    def poser_refus(self, refus: CompteRefuse) -> None:
        self.add_error(refus.champ if refus.champ in self.fields else None, refus.message)

    def saisie(self) -> Saisie:
        """À n’appeler que sur un formulaire valide."""
        lues = self.cleaned_data
        roles = {}
        for role in (Role(valeur) for valeur in lues["roles"]):
            fin = lues.get(f"fin_{role}")
            roles[role] = RoleVoulu(
                fin_le=fin_du_jour(fin, PARIS) if fin else None,
                territoires=frozenset(lues.get(f"territoires_{role}") or []),
                structures=frozenset(lues["structures"] if role == Role.GESTIONNAIRE_STRUCTURE else []),
            )
        return Saisie(
            email=lues["email"],
            nom=lues["nom"],
            prenom=lues["prenom"],
            identifiant_national=self.identifiant_national,
            numero_cpx=lues["numero_cpx"].strip(),
            roles=roles,
            titulaires=self.titulaires() if Role.DELEGATAIRE in roles else (),
        )


def en_initial(etat: Etat) -> dict[str, Any]:
    """L’état d’un compte, comme valeurs de départ du formulaire."""
    multiples = {"roles", "structures"}
    return {
        nom: valeurs if nom in multiples or nom.startswith("territoires_") else valeurs[0]
        for nom, valeurs in etat.items()
    }
