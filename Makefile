# Les contrôles et les tests, dans l’environnement que ./bin/test installe.
.PHONY: check style gabarits types imports collecte migrations deploiement test verrou

BIN := .venv/bin
# Un environnement de production plausible : `check --deploy` doit n’y trouver rien à redire.
DEPLOIEMENT := ENVIRONNEMENT=production ALLOWED_HOSTS=sas.exemple.fr URL_PUBLIQUE=https://sas.exemple.fr \
	CSRF_TRUSTED_ORIGINS=https://sas.exemple.fr SECRET_KEY=$$(head -c 48 /dev/urandom | base64 | tr -d '\n') \
	DATABASE_URL=postgres://sas:mot-de-passe@base.exemple.fr/sas REDIS_URL=rediss://courtier.exemple.fr/0 \
	PSC_DECOUVERTE_URL=https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet/.well-known/wallet-openid-configuration \
	PSC_CLIENT_ID=sas PSC_CLIENT_SECRET=secret-de-production-fourni-par-le-coffre \
	EMAIL_URL=smtp+tls://sas:secret@messagerie.exemple.fr:587 EMAIL_EXPEDITEUR='SAS <nepasrepondre@exemple.fr>' \
	EXPORTS_CLE_SIGNATURE="$$(openssl genpkey -algorithm ed25519)"

check: style gabarits types imports collecte migrations deploiement

style: $(BIN)/ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

gabarits: $(BIN)/ruff
	$(BIN)/djlint --lint templates
	$(BIN)/djlint --check templates

types: $(BIN)/ruff
	$(BIN)/mypy

imports: $(BIN)/ruff
	$(BIN)/lint-imports --no-logo

# Un test qu’on ne peut plus importer se voit ici, et non après toute la suite.
collecte: $(BIN)/ruff
	$(BIN)/pytest --collect-only -qqq -n0

# Sans base : seuls les modèles et les fichiers de migration sont comparés.
migrations: $(BIN)/ruff
	DATABASE_URL=postgres://127.0.0.1:1/aucune DJANGO_SETTINGS_MODULE=sas_platform.settings_test \
		$(BIN)/python -W ignore manage.py makemigrations --check --dry-run

deploiement: $(BIN)/ruff
	$(DEPLOIEMENT) $(BIN)/python manage.py check --deploy --fail-level WARNING

test:
	./bin/test

# Refait les versions verrouillées avec leurs empreintes ; à lancer après un changement de pyproject.toml.
COMPILER := .boot/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header
verrou: .boot/bin/uv
	$(COMPILER) pyproject.toml -o requirements/production.txt
	$(COMPILER) pyproject.toml --group demo -c requirements/production.txt -o requirements/demo.txt
	$(COMPILER) pyproject.toml --group demo --group dev -c requirements/demo.txt -o requirements/dev.txt
	$(COMPILER) --group node -o requirements/node.txt
	echo "uv==$$(.boot/bin/uv --version | cut -d' ' -f2)" | $(COMPILER) - -o requirements/amorce.txt
	npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved --no-audit --no-fund
	$(BIN)/python -c "$$SANS_FINANCEMENT"

# Le verrou de npm sans aucune adresse : ni registre, ni appel aux dons. Les empreintes, elles, restent.
define SANS_FINANCEMENT
import json, pathlib
verrou = pathlib.Path("package-lock.json")
contenu = json.loads(verrou.read_text())
for paquet in contenu["packages"].values():
    paquet.pop("funding", None)
verrou.write_text(json.dumps(contenu, indent=4, ensure_ascii=False) + "\n")
endef
export SANS_FINANCEMENT

$(BIN)/ruff .boot/bin/uv:
	@echo "Lancez d’abord ./bin/test : il installe les outils." >&2; exit 1
