"""What the demo organization lives through: its people, which practices it adopts when, and what they note down."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.text import slugify

from organizations.models import Role

DOMAIN = "demo.example"
PASSWORD = "demo"  # noqa: S105 - the demo's logins are public
NAME = "Möwe & Kompass Retail (demo)"
TIME_ZONE = "Europe/Berlin"

FRAUD, PRICING, SEARCH = TEAMS = ("Fraud detection", "Pricing & demand", "Search & recommendations")


@dataclass(frozen=True, slots=True)
class Person:
    """Someone in the demo; one with a `login` can log in as LOGIN@demo.example, one with a `team` responds for it."""

    first_name: str
    last_name: str
    team: str = ""
    role: Role = Role.MEMBER
    login: str = ""

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def email(self) -> str:
        return f"{self.login or slugify(self.first_name) + '.' + slugify(self.last_name)}@{DOMAIN}"


ADMIN = Person("Noor", "Haddad", login="admin")
OWNER = Person("Katharina", "Vogel", role=Role.OWNER, login="owner")
FACILITATOR = Person("Samuel", "Okafor", role=Role.FACILITATOR, login="facilitator")
MEMBER = Person("Lena", "Hoffmann", FRAUD, login="member")
MEMBERS = (
    OWNER,
    FACILITATOR,
    Person("Piotr", "Nowak", role=Role.VIEWER, login="viewer"),
    MEMBER,
    Person("Priya", "Raman", FRAUD),
    Person("Jonas", "Weber", FRAUD),
    Person("Amara", "Diallo", FRAUD),
    Person("Tomás", "Ferreira", FRAUD),
    Person("Mei", "Chen", FRAUD),
    Person("Hannah", "Schulz", PRICING),
    Person("Mateusz", "Zieliński", PRICING),
    Person("Olivia", "Brandt", PRICING),
    Person("Kofi", "Mensah", PRICING),
    Person("Elif", "Demir", PRICING),
    Person("Daniel", "Richter", SEARCH),
    Person("Sofia", "Lindqvist", SEARCH),
    Person("Arjun", "Mehta", SEARCH),
    Person("Claire", "Dubois", SEARCH),
    Person("Niklas", "Krüger", SEARCH),
)

SELF_ASSESSED = ((OWNER, SEARCH), (MEMBER, FRAUD))
"""Who keeps a self-assessment from before the first round, and which team they had in mind."""

ROUNDS = 5
"""Four closed quarters and the current one."""

SILENT: tuple[frozenset[str], ...] = (
    frozenset({"Olivia Brandt"}),
    frozenset(),
    frozenset({"Kofi Mensah", "Claire Dubois"}),
    frozenset({"Jonas Weber"}),
    frozenset({"Amara Diallo", "Mei Chen", "Mateusz Zieliński", "Elif Demir", "Sofia Lindqvist", "Niklas Krüger"}),
)
"""Who was asked in each round and has not responded."""

MEMBER_ANSWERED = 12
"""How many questions `MEMBER`, who has not submitted in the current round, has answered there."""

ADOPTION: dict[str, tuple[str, str, str]] = {
    "data_management.versioning": ("+++++", "+++++", "~++++"),
    "data_management.validation": ("~++++", "~~+++", "~~~++"),
    "data_management.feature_store": ("--~++", "---~+", "-~~++"),
    "data_management.realtime_serving": ("--~~+", "-----", "---~~"),
    "data_management.feature_discovery": ("-----", "-----", "-----"),
    "model_development.version_control": ("+++++", "+++++", "+++++"),
    "model_development.experiment_tracking": ("~~+++", "+++++", "~++++"),
    "model_development.hyperparameter_tuning": ("---~~", "-~~++", "---~~"),
    "model_development.automl": ("-----", "---~~", "-----"),
    "model_development.model_selection": ("-----", "-----", "-----"),
    "model_deployment.containers": ("+++++", "~+~++", "+++++"),
    "model_deployment.cicd": ("-~+++", "-~-~+", "+++++"),
    "model_deployment.progressive_delivery": ("---~~", "-----", "~~+++"),
    "model_deployment.ab_testing": ("-----", "-----", "-~~++"),
    "model_deployment.orchestration": ("-----", "-----", "----~"),
    "monitoring.service_metrics": ("+++++", "-~~++", "~++++"),
    "monitoring.model_metrics": ("-~+++", "-~-~+", "--~++"),
    "monitoring.drift_detection": ("---~+", "-----", "----~"),
    "monitoring.degradation_alerts": ("---~~", "-----", "-----"),
    "monitoring.retraining_triggers": ("-----", "-----", "-----"),
    "governance.documentation": ("~++++", "~+~++", "-~~++"),
    "governance.lineage": ("-~~++", "---~~", "--~~~"),
    "governance.compliance_checks": ("--~~+", "-----", "-----"),
    "governance.audit_trail": ("----~", "-----", "-----"),
    "governance.policy_enforcement": ("-----", "-----", "-----"),
}
"""How far a practice is in each of `TEAMS`, a character for each round: + in place, ~ under way, - not begun.

Monitoring and governance are weak everywhere at first, Search leads in deployment, Fraud works off an audit's findings.
In the third round a reorganization takes Pricing's release engineers away, and what they ran falls behind.
"""


TOOLS = {
    FRAUD: "Git, Docker, GitLab CI/CD, pytest, MLflow, DVC, Model registry, Apache Airflow, Feast, Prometheus, SHAP",
    PRICING: "Git, Docker, GitLab CI/CD, pandas, scikit-learn, MLflow, Apache Airflow, Spreadsheets",
    SEARCH: "Git, Docker, GitLab CI/CD, Container registry, FastAPI, Weights & Biases, Model registry, KServe, Solr",
}
"""Which tools each team ticked, and which it added, with commas between them."""


@dataclass(frozen=True, slots=True)
class Remark:
    """What someone in a team adds, in one round (from 0), to the answer `choice` to a question."""

    team: str
    round: int
    question: str
    choice: str
    note: str
    evidence_url: str = ""


REMARKS = (
    Remark(
        FRAUD,
        0,
        "data_management.versioning",
        "yes",
        "Every training set is a tagged snapshot; we restored one for the chargeback review.",
        "https://wiki.example.com/fraud/training-snapshots",
    ),
    Remark(
        FRAUD,
        0,
        "monitoring.model_metrics",
        "no",
        "Labels arrive up to 60 days late. We look at precision by hand once a quarter.",
    ),
    Remark(FRAUD, 0, "governance.documentation", "no", "Two of our five models have a card, the others a wiki page."),
    Remark(FRAUD, 0, "model_deployment.cicd", "no", "Releases follow a checklist, about half a day each."),
    Remark(
        FRAUD,
        1,
        "governance.documentation",
        "yes",
        "All five models are in the register since the internal audit's finding.",
        "https://wiki.example.com/fraud/model-register",
    ),
    Remark(
        FRAUD,
        1,
        "data_management.validation",
        "yes",
        "A failed check stops the nightly run; it caught the currency mix-up in the card feed.",
        "https://git.example.com/fraud/pipelines/runs/4127",
    ),
    Remark(
        FRAUD, 1, "model_deployment.cicd", "no", "The pipeline builds and tests; the release is still a person's work."
    ),
    Remark(
        FRAUD,
        2,
        "monitoring.model_metrics",
        "yes",
        "Precision and recall by model version, on the labels that have arrived.",
        "https://dashboards.example.com/fraud/live-quality",
    ),
    Remark(FRAUD, 2, "model_deployment.cicd", "yes", "Last three releases went through without a manual step."),
    Remark(
        FRAUD,
        2,
        "governance.lineage",
        "not_sure",
        "Works for newly trained models. I don't know about the two older ones.",
    ),
    Remark(FRAUD, 2, "data_management.realtime_serving", "no", "Velocity features are live, the rest is a day old."),
    Remark(
        FRAUD,
        3,
        "data_management.feature_store",
        "yes",
        "Card and account features are shared with the pricing team now.",
        "https://features.example.com/catalogue/card-velocity",
    ),
    Remark(
        FRAUD,
        3,
        "monitoring.drift_detection",
        "no",
        "Two of five models have drift checks; limits for the others are being tuned.",
    ),
    Remark(
        FRAUD,
        3,
        "governance.lineage",
        "yes",
        "From the endpoint back to run, commit and data version in two clicks.",
        "https://registry.example.com/models/card-fraud/lineage",
    ),
    Remark(
        FRAUD,
        4,
        "governance.compliance_checks",
        "yes",
        "Fairness and retention checks run before each release; one exception is open, approved by Legal.",
        "https://git.example.com/fraud/compliance/runs/88",
    ),
    Remark(PRICING, 0, "model_deployment.containers", "no", "Demand forecasts still run from a notebook server."),
    Remark(
        PRICING,
        0,
        "model_development.experiment_tracking",
        "yes",
        "Every training run of the last two years, with data version and settings.",
        "https://tracking.example.com/pricing/experiments/12",
    ),
    Remark(PRICING, 0, "monitoring.service_metrics", "no", "We learn of an outage when the category managers call."),
    Remark(
        PRICING,
        1,
        "model_deployment.containers",
        "yes",
        "The forecast jobs run from images since the last release.",
        "https://git.example.com/pricing/forecast/packages",
    ),
    Remark(PRICING, 1, "governance.documentation", "yes", "Cards written together in one afternoon, worth it."),
    Remark(
        PRICING,
        2,
        "model_deployment.cicd",
        "no",
        "Both release engineers went to the new platform group in the reorganization. We deploy by hand again for now.",
    ),
    Remark(
        PRICING,
        2,
        "model_deployment.containers",
        "no",
        "The promotion models came to us from Marketing and run on their old server.",
    ),
    Remark(
        PRICING,
        2,
        "monitoring.model_metrics",
        "no",
        "Dashboards broke with the move to the new cost centre; nobody owns them yet.",
    ),
    Remark(PRICING, 2, "governance.documentation", "no", "No cards for the four models we took over from Marketing."),
    Remark(
        PRICING,
        3,
        "model_deployment.containers",
        "yes",
        "The promotion models run from images too; the old server is switched off.",
        "https://wiki.example.com/pricing/promotion-migration",
    ),
    Remark(
        PRICING,
        3,
        "model_development.hyperparameter_tuning",
        "yes",
        "Tuning is a step of the weekly pipeline, 40 trials each.",
        "https://tracking.example.com/pricing/experiments/31",
    ),
    Remark(PRICING, 3, "model_development.automl", "no", "Tried once for slow sellers; it is not part of our routine."),
    Remark(
        PRICING,
        4,
        "model_deployment.cicd",
        "yes",
        "On the platform group's shared pipeline since last month.",
        "https://git.example.com/platform/release-pipeline",
    ),
    Remark(
        SEARCH,
        0,
        "model_deployment.cicd",
        "yes",
        "Ranking models go out with the search service, several times a week.",
        "https://git.example.com/search/ranking/pipelines",
    ),
    Remark(SEARCH, 0, "governance.documentation", "no", "A README in each repository, nothing on limits or data."),
    Remark(SEARCH, 0, "governance.lineage", "no", "We could reconstruct it from the logs, with some days of work."),
    Remark(
        SEARCH, 1, "model_deployment.ab_testing", "no", "We test, but each test needs its own branch in the gateway."
    ),
    Remark(
        SEARCH,
        2,
        "model_deployment.progressive_delivery",
        "yes",
        "Canary at 5 %, rolled back twice by itself when click-through fell.",
        "https://dashboards.example.com/search/canary",
    ),
    Remark(
        SEARCH,
        2,
        "data_management.feature_store",
        "no",
        "Recommendations use the store; the ranking models still compute their own features.",
    ),
    Remark(
        SEARCH,
        3,
        "model_deployment.ab_testing",
        "yes",
        "Self-service now: 14 tests finished this quarter.",
        "https://experiments.example.com/search/finished",
    ),
    Remark(
        SEARCH,
        3,
        "monitoring.model_metrics",
        "yes",
        "Click-through and revenue per search by model version, updated hourly.",
        "https://dashboards.example.com/search/model-quality",
    ),
    Remark(SEARCH, 3, "governance.compliance_checks", "no", "Legal reviews large changes, by email."),
    Remark(
        SEARCH,
        4,
        "governance.documentation",
        "yes",
        "Cards are required in the release template now.",
        "https://wiki.example.com/search/model-cards",
    ),
)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a team agreed on after a round (from 0): choice and rationale by question."""

    team: str
    round: int
    agreed: dict[str, tuple[str, str]]


AGREEMENTS = (
    Agreement(
        FRAUD,
        3,
        {
            "monitoring.drift_detection": (
                "no",
                "Two of five models have checks. We count it once all five do, next quarter.",
            ),
            "model_development.hyperparameter_tuning": (
                "yes",
                "Every model we still retrain is tuned in the pipeline. The other two retire in spring.",
            ),
        },
    ),
)
