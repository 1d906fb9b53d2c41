using static CertFunctions.Core.Events.Catalogue.PayloadField;
using static CertFunctions.Core.Events.Catalogue.PayloadShape;

namespace CertFunctions.Core.Events.Catalogue;

/// <summary>What people, services and machines do around certificates, by module (R20).</summary>
static class AuditEvents
{
    static readonly PayloadField Ip = May("ip", Text).OfAPerson();
    static readonly PayloadField UserAgent = May("user_agent", Text).OfAPerson();
    static readonly PayloadField Note = May("note", Text).OfAPerson();
    static readonly PayloadField AuthMethod = May("auth_method", Token);
    static readonly PayloadField Changes = May("changes", Any);
    static readonly PayloadField Reason = May("reason", Text);
    static readonly PayloadField Failure = May("error_message", Text);

    public static readonly IReadOnlyList<EventType> Types =
    [
        Of("user", "user.login", "a person signed in", AuthMethod, Ip, UserAgent),
        Of("user", "user.login_failed", "a sign-in was refused", AuthMethod, Reason, Ip, UserAgent) with { DefaultSeverity = Severity.Warn, DefaultStatus = EventStatus.Failure },
        Of("user", "user.logout", "a person signed out", Ip),
        Of("user", "user.auth_method_changed", "a way to sign in was added, changed or removed", Need("auth_method", Token), Changes, Ip),
        Of("user", "user.created", "a user was added", Changes, Note),
        Of("user", "user.role_changed", "a user's role changed", Need("role", Token), May("previous_role", Token), Note),
        Of("user", "user.removed", "a user was removed", Reason, Note),

        Of("certificate", "cert.edited", "a certificate's record was edited", Changes, Note),
        Of("certificate", "cert.reissue_requested", "a reissue was asked for", Reason, Note),
        Of("certificate", "cert.domain_validated", "control of a domain was shown", Need("domain", Text), May("method", Token)),
        Of("certificate", "cert.domain_validation_failed", "control of a domain could not be shown", Need("domain", Text), May("method", Token), Failure)
            with { DefaultSeverity = Severity.Error, DefaultStatus = EventStatus.Failure },
        Of("certificate", "cert.provisioned", "installed on a target", Need("target", Text), May("module", Token)),
        Of("certificate", "cert.provisioning_failed", "could not be installed on a target", Need("target", Text), May("module", Token), May("error_class", Token), Failure)
            with { DefaultSeverity = Severity.Error, DefaultStatus = EventStatus.Failure },
        Of("certificate", "cert.deleted", "a certificate left the inventory", Reason, Note),

        Of("ca", "ca.created", "a CA was set up", Need("name", Text), May("parent", Text), May("key_algorithm", Text)),
        Of("ca", "ca.configured", "a CA's configuration changed", Changes, Note),
        Of("ca", "ca.hierarchy_changed", "a CA moved in its hierarchy", May("parent", Text), May("previous_parent", Text)) with { DefaultSeverity = Severity.Warn },
        Of("ca", "ca.error", "a CA answered with an error", Need("error_class", Token), Failure) with { DefaultSeverity = Severity.Error, DefaultStatus = EventStatus.Failure },

        Of("key", "key.generated", "a key pair was made", May("algorithm", Text), May("protection", Token)),
        Of("key", "key.rotated", "a key was replaced", May("previous_key_id", Identifier), May("algorithm", Text)),
        Of("key", "key.revoked", "a key was revoked", Reason, Note) with { DefaultSeverity = Severity.Warn },
        Of("key", "key.activated", "a key was put to use", Reason),
        Of("key", "key.deactivated", "a key was taken out of use", Reason),

        Of("automation", "automation.token_created", "a bot or token was created", Need("token_id", Identifier), May("scopes", TextList), May("expires_at", Time)),
        Of("automation", "automation.token_revoked", "a bot or token was revoked", Need("token_id", Identifier), Reason),
        Of("automation", "automation.workflow_started", "a workflow run began", Need("workflow", Text), Need("run_id", Identifier)),
        Of("automation", "automation.workflow_completed", "a workflow run ended well", Need("workflow", Text), Need("run_id", Identifier)),
        Of("automation", "automation.workflow_failed", "a workflow run failed", Need("workflow", Text), Need("run_id", Identifier), May("error_class", Token), Failure)
            with { DefaultSeverity = Severity.Error, DefaultStatus = EventStatus.Failure },

        Of("policy", "policy.created", "a policy was added", Changes, Note),
        Of("policy", "policy.changed", "a policy changed", Changes, Note),
        Of("policy", "policy.deleted", "a policy was removed", Reason, Note) with { DefaultSeverity = Severity.Warn },

        Of("agent", "agent.registered", "an agent joined", May("version", Text), May("host", Text)),
        Of("agent", "agent.updated", "an agent was updated", May("version", Text), May("previous_version", Text)),
        Of("agent", "agent.offline", "an agent stopped answering", May("last_seen_at", Time)) with { DefaultSeverity = Severity.Warn, DefaultStatus = EventStatus.Failure },
        Of("agent", "agent.removed", "an agent left", Reason),

        Of("system", "system.configuration_changed", "the system's configuration changed", Need("setting", Text), Changes, Note),
        Of("system", "system.policy_changed", "a system-wide policy changed", Need("setting", Text), Changes, Note),
        Of("system", "system.integration_changed", "an integration was added, changed or removed", Need("integration", Text), Changes, Note),
    ];

    static EventType Of(string module, string name, string when, params PayloadField[] fields) =>
        new() { Name = name, Module = module, When = when, Fields = fields, SubjectKind = module == "certificate" ? Subject.Certificate : null };
}
