// Fin de session : prévient à temps, sans prendre le clavier à qui travaille. Le serveur seul décide ; cette page
// ne fait que compter, et redemande au moment de prévenir, car un autre onglet a pu prolonger la session.
const RYTHME_MS = 30_000;

class Veille {
    constructor(bloc) {
        this.bloc = bloc;
        this.alerteMs = Number(bloc.dataset.alerteS) * 1000;
        this.noter(Number(bloc.dataset.inactiviteS), Number(bloc.dataset.absolueS));
        bloc.querySelector("form").addEventListener("submit", (evenement) => {
            evenement.preventDefault();
            this.prolonger(evenement.target);
        });
        // Un ordinateur mis en veille, un onglet resté au second plan : les minuteries n’ont pas compté.
        document.addEventListener("visibilitychange", () => {
            if (!document.hidden) {
                this.verifier();
            }
        });
        // La page peut s’ouvrir à moins de cinq minutes de la fin.
        this.verifier();
    }

    noter(inactiviteS, absolueS) {
        this.finInactivite = Date.now() + inactiviteS * 1000;
        this.finAbsolue = Date.now() + absolueS * 1000;
    }

    get fin() {
        return Math.min(this.finInactivite, this.finAbsolue);
    }

    attendre() {
        clearTimeout(this.minuterie);
        const avant = this.fin - Date.now();
        // L’alerte montrée, on redemande : un autre onglet peut prolonger la session, ou la fermer.
        const delai = avant > this.alerteMs ? avant - this.alerteMs : Math.min(avant, RYTHME_MS);
        this.minuterie = setTimeout(() => this.verifier(), Math.max(delai, 0) + 1000);
    }

    verifier() {
        if (this.fin - Date.now() > this.alerteMs) {
            this.montrer(null);
            this.attendre();
            return Promise.resolve();
        }
        return this.demander(this.bloc.dataset.etat, { method: "GET" });
    }

    prolonger(formulaire) {
        return this.demander(formulaire.action, { method: "POST", body: new FormData(formulaire) });
    }

    async demander(url, options) {
        let reponse;
        try {
            reponse = await fetch(url, { ...options, headers: { Accept: "application/json" } });
        } catch {
            // Réseau coupé : on n’en sait pas plus, ce qui a été compté ici reste le mieux connu.
            this.juger(Date.now() >= this.fin);
            return;
        }
        const json = (reponse.headers.get("Content-Type") || "").includes("application/json");
        if (!reponse.ok || reponse.redirected || !json) {
            this.juger(true);
            return;
        }
        const reste = await reponse.json();
        this.noter(reste.inactivite_s, reste.absolue_s);
        this.juger(false);
    }

    juger(finie) {
        if (finie) {
            clearTimeout(this.minuterie);
            this.montrer("finie");
            return;
        }
        if (this.fin - Date.now() > this.alerteMs) {
            this.montrer(null);
        } else {
            this.montrer(this.finAbsolue <= this.finInactivite ? "absolue" : "inactive");
        }
        this.attendre();
    }

    montrer(quoi) {
        const fin = new Date(this.fin);
        const minutes = fin.getMinutes() ? `\u00a0${String(fin.getMinutes()).padStart(2, "0")}` : "";
        const heure = `${fin.getHours()}\u00a0h${minutes}`;
        for (const nom of ["inactive", "absolue", "finie"]) {
            const panneau = this.bloc.querySelector(`[data-sas-session-${nom}]`);
            const place = panneau.querySelector("[data-sas-session-heure]");
            if (place) {
                place.textContent = heure;
            }
            panneau.hidden = nom !== quoi;
        }
    }
}

const bloc = document.querySelector("[data-sas-session]");
if (bloc) {
    new Veille(bloc);
}
