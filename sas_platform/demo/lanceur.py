"""La démonstration en une commande : installe l’état, démarre les processus, les arrête tous en sortant."""

import argparse
import json
import os
import secrets
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from sas_platform.demo import certificats, ports, postgres
from sas_platform.demo.etat import (
    ENV,
    JOURNAUX,
    RACINE,
    STATIQUES,
    VAR,
    ErreurLancement,
    Jalon,
    Verrou,
    ecrire_env,
    empreinte_fichiers,
    lire_env,
    preparer_var,
)
from sas_platform.demo.preparation import GRAINE, charger_donnees, collecter_statiques
from sas_platform.demo.services import Services, environnement
from sas_platform.demo.supervision import Superviseur, arreter_les_restes

PORT_PAR_DEFAUT = 8000
REGISTRE = VAR / "processus.json"
DONNEES_DEMO = VAR / "demo"
CERTIFICATS = DONNEES_DEMO / "certificats"
EDITEURS = ("agenda-libre", "rendez-vous-express")
RANG_PUBLIC = 3  # le site s’arrête d’abord, puis ce qui travaille derrière lui, puis les services
RANG_TRAVAIL = 2
DELAI_PRET_S = 120.0
PYTHON = sys.executable


class Interruption(BaseException):
    """Ctrl-C, kill ou terminal fermé."""


def main(argv: list[str] | None = None) -> int:
    options = lire_options(argv)
    for numero in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(numero, _interrompre)
    superviseur = Superviseur(JOURNAUX, REGISTRE)
    code = 0
    try:
        refuser_la_production()
        preparer_var()
        Demonstration(options, superviseur).derouler()
    except Interruption:
        print("\nArrêt demandé.", flush=True)
    except ErreurLancement as erreur:
        print(f"\nErreur : {erreur}", file=sys.stderr, flush=True)
        code = 1
    finally:
        for numero in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(numero, signal.SIG_IGN)
        if superviseur.enfants:
            superviseur.arreter()
            print("Tout est arrêté.", flush=True)
    return code


def lire_options(argv: list[str] | None) -> argparse.Namespace:
    analyseur = argparse.ArgumentParser(
        prog="./bin/demo", description="Lance la plateforme avec des données et des services fictifs."
    )
    analyseur.add_argument("--port", type=int, help=f"port du site (par défaut {PORT_PAR_DEFAUT})")
    analyseur.add_argument(
        "--echelle",
        choices=["locale", "nationale"],
        default="locale",
        help="quelques départements, ou le pays entier (plusieurs minutes et 4 Go)",
    )
    analyseur.add_argument(
        "--reinitialiser", action="store_true", help="efface les données de démonstration et les refait"
    )
    return analyseur.parse_args(argv)


def refuser_la_production() -> None:
    choisi = os.environ.get("ENVIRONNEMENT", "demo")
    if choisi != "demo":
        raise ErreurLancement(
            f"ENVIRONNEMENT={choisi} : la démonstration écrit des données fictives et ouvre une connexion "
            "simulée ; elle ne démarre qu’avec ENVIRONNEMENT=demo ou sans cette variable."
        )


class Demonstration:
    """Les étapes, dans l’ordre ; chacune écrit une ligne."""

    def __init__(self, options: argparse.Namespace, superviseur: Superviseur) -> None:
        self.options = options
        self.superviseur = superviseur
        self.verrou = Verrou()
        self.etapes_faites = 0
        self.donnees = Jalon("donnees")
        self.schema = Jalon("schema")
        self.raccordements = Jalon("raccordements")

    def derouler(self) -> NoReturn:
        self.verrou.prendre()
        if restes := arreter_les_restes(REGISTRE):
            print(f"Le lancement précédent a été tué : {restes} processus arrêtés.", flush=True)
        self._etape("ports", self._choisir_les_ports)
        self._etape("base de données", lambda: self.services.demarrer_postgres(self.dossier_base))
        self._etape("courtier", lambda: self.services.demarrer_courtier(self.services.dossier))
        self._etape("variables d’environnement", self._ecrire_env)
        self._etape("schéma de la base", self._migrer)
        self._etape("fichiers statiques", lambda: collecter_statiques(self._gerer))
        self._etape("données de référence et de démonstration", self._charger)
        self._etape("comptes et éditeurs raccordés", self._raccorder)
        self._etape("services simulés", self._lancer_les_simulations)
        # Le site et les workers se chargent pendant que les éditeurs sont lus ; l’horloge attend la fin.
        self._lancer_le_site()
        self._lancer_les_workers()
        self._etape("interrogation des éditeurs", lambda: self._gerer("interroger_editeurs", "--ecrire"))
        self._etape("offre affichée", lambda: self._gerer("reconstruire_offre", "--ecrire"))
        self._etape("horloge des tâches", self._lancer_l_horloge)
        self._etape("site", self._attendre_le_site)
        self._annoncer()
        self.superviseur.surveiller()

    def _etape(self, nom: str, action: Callable[[], str | None]) -> None:
        self.etapes_faites += 1
        print(f"[{self.etapes_faites:>2}/13] {nom} …", end="", flush=True)
        debut = time.monotonic()
        precision = action()
        duree = f"{time.monotonic() - debut:.1f}".replace(".", ",")
        print(f" {precision + ', ' if precision else ''}{duree} s", flush=True)

    def _choisir_les_ports(self) -> str:
        self.env = {} if self.options.reinitialiser else lire_env()
        self.services = Services(self.superviseur, self.env)
        self.dossier_base = self.services.dossier / "postgresql"
        if self.options.reinitialiser:
            self._effacer()
        elif (
            self.dossier_base.is_dir() and not self.services.base_externe and "SAS_SECRET_PG" not in self.env
        ):
            raise ErreurLancement(
                f"{ENV} manque, et avec lui le mot de passe de la base de {self.dossier_base}.\n"
                "Relancez avec --reinitialiser : les données de démonstration seront refaites."
            )
        self.port = ports.port_public(self.options.port, PORT_PAR_DEFAUT)
        self.url = f"http://{ports.HOTE}:{self.port}"
        self.verrou.signer(self.url)
        self.services.preparer_ports()
        for nom in ("PSC", "FHIR", *EDITEURS):
            cle = f"SAS_PORT_{nom.upper().replace('-', '_')}"
            self.env[cle] = str(ports.port_libre(int(self.env.get(cle, 0))))
        if self.options.port is None and self.port != PORT_PAR_DEFAUT:
            return f"le {PORT_PAR_DEFAUT} est pris ({ports.qui_ecoute(PORT_PAR_DEFAUT)}), le site prend le {self.port}"
        return f"site sur le {self.port}"

    def _effacer(self) -> None:
        if self.services.base_externe:
            raise ErreurLancement(
                "--reinitialiser n’efface pas la base que désigne DATABASE_URL : elle n’est pas à la démonstration.\n"
                "Effacez-la vous-même, ou relancez sans DATABASE_URL."
            )
        for jalon in (self.donnees, self.schema, self.raccordements):
            jalon.lever()
        for dossier in (self.dossier_base, DONNEES_DEMO, STATIQUES):
            self.services.effacer(dossier)
        ENV.unlink(missing_ok=True)

    def _ecrire_env(self) -> None:
        self.env.setdefault("SECRET_KEY", secrets.token_urlsafe(48))
        self.env.setdefault("FHIR_SECRET_MANDATAIRE", secrets.token_urlsafe(48))
        self.env |= {
            "ENVIRONNEMENT": "demo",
            "DJANGO_SETTINGS_MODULE": "sas_platform.settings",
            "URL_PUBLIQUE": self.url,
            "STATIC_ROOT": str(STATIQUES),
            "FHIR_URL": f"https://{ports.HOTE}:{self.env['SAS_PORT_FHIR']}/fhir",
            "FHIR_AUTORITES": str(CERTIFICATS / "autorite.pem"),
            "PSC_DECOUVERTE_URL": (
                f"http://{ports.HOTE}:{self.env['SAS_PORT_PSC']}"
                "/auth/realms/esante-wallet/.well-known/wallet-openid-configuration"
            ),
        }
        ecrire_env(self.env)

    def _migrer(self) -> str | None:
        """Applique les migrations ; refait la base si elle ne peut pas être complétée."""
        migrations = {
            str(f.relative_to(RACINE)): empreinte_fichiers([f])
            for f in RACINE.glob("[a-z]*/**/migrations/0*.py")
        }
        appliquees = self.schema.lire()
        reecrites = any(migrations.get(nom) != empreinte for nom, empreinte in appliquees.items())
        precision = None
        if appliquees == migrations and self.donnees.fichier.exists() and not self.services.base_externe:
            return "à jour"
        if not self.services.base_externe and (reecrites or not self.donnees.fichier.exists()):
            # Ni des données à moitié chargées ni un schéma d’une autre histoire ne se complètent.
            self._vider_la_base()
            precision = "migrations réécrites, base refaite" if reecrites else None
        try:
            self._gerer("migrate", "--no-input")
        except ErreurLancement as erreur:
            raise ErreurLancement(
                f"{erreur}\nSi la base vient d’une autre version du code, relancez avec --reinitialiser."
            ) from None
        self.schema.poser(migrations)
        return precision

    def _charger(self) -> str | None:
        matiere = {"echelle": self.options.echelle, "graine": GRAINE}
        if self.donnees.vaut(matiere):
            return "déjà là"
        if self.donnees.fichier.exists():
            self._changer_d_echelle()
        charger_donnees(self._gerer, self.options.echelle)
        self.donnees.poser(matiere)
        return None

    def _changer_d_echelle(self) -> None:
        if self.services.base_externe:
            raise ErreurLancement("la base de DATABASE_URL est à une autre échelle ; donnez-en une vide.")
        self._vider_la_base()
        self._gerer("migrate", "--no-input")

    def _vider_la_base(self) -> None:
        self.donnees.lever()
        self.raccordements.lever()
        postgres.recreer_base(self.env["DATABASE_URL"])

    def _raccorder(self) -> str | None:
        adresses = [f"{code}={self._url_editeur(code)}" for code in EDITEURS]
        sources = ("acces", "agendas", "clients", "donnees", "personas", "pilotage", "remunerations")
        code = [RACINE / "sas_platform" / "demo" / f"{nom}.py" for nom in sources]
        matiere = {"adresses": " ".join(adresses), "code": empreinte_fichiers(code)}
        if self.raccordements.vaut(matiere) and not self.services.base_externe:
            return "déjà là"
        self._python("donnees", "-m", "sas_platform.demo.donnees", "--dossier", str(DONNEES_DEMO), *adresses)
        self.raccordements.poser(matiere)
        return None

    def _url_editeur(self, code: str) -> str:
        return f"http://{ports.HOTE}:{self._port_editeur(code)}"

    def _port_editeur(self, code: str) -> int:
        return int(self.env[f"SAS_PORT_{code.upper().replace('-', '_')}"])

    def _lancer_les_simulations(self) -> None:
        certificats.preparer(CERTIFICATS, EDITEURS)
        port_psc = int(self.env["SAS_PORT_PSC"])
        retours = [f"http://{hote}:{self.port}/oidc/callback/" for hote in (ports.HOTE, "localhost")]
        identites = json.loads((DONNEES_DEMO / "identites.json").read_text())
        deconnexion = f"http://{ports.HOTE}:{self.port}/oidc/deconnexion/"
        arguments = ["--port", str(port_psc), "--deconnexion", deconnexion]
        arguments += [mot for retour in retours for mot in ("--redirection", retour)]
        arguments += [
            mot for cle, numero in identites.items() for mot in ("--identifiant", f"{cle}={numero}")
        ]
        lances = {port_psc: self._lancer("psc-simule", "sas_platform.demo.psc_simule", *arguments)}
        for code in EDITEURS:
            port, annuaire = self._port_editeur(code), DONNEES_DEMO / f"{code}.json"
            lances[port] = self._lancer(
                f"editeur-{code}",
                "sas_platform.demo.editeur_simule",
                *("--port", str(port), "--annuaire", str(annuaire), "--editeur", code),
                *("--retour", self.env["FHIR_URL"], "--certificats", str(CERTIFICATS)),
                *("--memoire", str(DONNEES_DEMO / f"{code}-comptes.json")),
            )
        port_fhir = int(self.env["SAS_PORT_FHIR"])
        lances[port_fhir] = self._lancer(
            "mandataire",
            "sas_platform.demo.mandataire",
            *("--port", str(port_fhir), "--site", self.url, "--certificats", str(CERTIFICATS)),
        )
        for port, enfant in lances.items():
            try:
                ports.attendre(port, vivant=enfant.est_vivant, delai_s=30, quoi=enfant.nom)
            except ErreurLancement as erreur:
                raise ErreurLancement(f"{erreur}\n{enfant.dernieres_lignes()}") from None

    def _lancer_les_workers(self) -> None:
        for nom, files in (("rapide", "immediat,sorties"), ("fond", "fond,calculs")):
            self._lancer(
                f"worker-{nom}",
                *("celery", "-A", "sas_platform.celery", "worker", "-Q", files, "-n", f"{nom}@%h"),
                *("--concurrency", "1", "--without-gossip", "--without-mingle", "--loglevel", "INFO"),
                se_relance=True,
            )

    def _lancer_l_horloge(self) -> None:
        self._lancer("horloge", "celery", "-A", "sas_platform.celery", "beat", "--loglevel", "INFO")

    def _lancer_le_site(self) -> None:
        self._lancer(
            "site",
            *("granian", "--interface", "wsgi", "--host", ports.HOTE, "--port", str(self.port)),
            *("--workers", "2", "--blocking-threads", "4", "--no-ws", "sas_platform.wsgi:application"),
            rang=RANG_PUBLIC,
        )

    def _attendre_le_site(self) -> str:
        limite = time.monotonic() + DELAI_PRET_S
        etat = "pas de réponse"
        while time.monotonic() < limite:
            self.superviseur.verifier()
            try:
                with urllib.request.urlopen(f"{self.url}/sante/", timeout=5) as reponse:
                    reponse.read()
                    return "en bonne santé"
            except urllib.error.HTTPError as erreur:
                etat = erreur.read(2000).decode(errors="replace")
            except OSError as erreur:
                etat = str(erreur)
            time.sleep(0.2)
        raise ErreurLancement(
            f"le site n’est pas en bonne santé après {DELAI_PRET_S:.0f} s ({self.url}/sante/ : {etat}).\n"
            f"Les journaux sont dans {JOURNAUX}."
        )

    def _annoncer(self) -> None:
        from sas_platform.demo.personas import PERSONAS

        largeur = max(len(persona.cle) for persona in PERSONAS)
        lignes = [f"\nPrêt : {self.url}\n", "Sur la page de connexion, choisissez une personne :"]
        lignes += [f"  {p.cle:<{largeur}}  {p.prenom} {p.nom} : {p.peut}" for p in PERSONAS]
        lignes += [f"\nCourriels envoyés, avec leurs liens : {self.url}/demo/courriels/"]
        lignes += [f"Journaux : {JOURNAUX}/ ; Ctrl-C arrête tout.\n"]
        print("\n".join(lignes), flush=True)

    def _gerer(self, commande: str, *arguments: str) -> None:
        self._python(commande, "manage.py", commande, *arguments)

    def _python(self, nom: str, *arguments: str) -> None:
        self.superviseur.executer(nom, [PYTHON, *arguments], env=environnement(self.env), dossier=RACINE)

    def _lancer(
        self, nom: str, module: str, *arguments: str, rang: int = RANG_TRAVAIL, se_relance: bool = False
    ):
        return self.superviseur.lancer(
            nom,
            [PYTHON, "-m", module, *arguments],
            env=environnement(self.env),
            rang=rang,
            dossier=RACINE,
            se_relance=se_relance,
        )


def _interrompre(numero: int, cadre: FrameType | None) -> NoReturn:
    raise Interruption


if __name__ == "__main__":
    sys.exit(main())
