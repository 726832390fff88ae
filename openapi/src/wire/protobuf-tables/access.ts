/** Field numbers of Kubernetes' protobuf messages; the notation is explained in ../protobuf-schema.ts. */
export const accessMessages: Record<string, string> = {
  'authentication/v1': `
    BoundObjectReference kind=1 apiVersion=2 name=3 uid=4
    SelfSubjectReview metadata=1:.ObjectMeta status=2:SelfSubjectReviewStatus
    SelfSubjectReviewStatus userInfo=1:UserInfo
    TokenRequest metadata=1:.ObjectMeta spec=2:TokenRequestSpec status=3:TokenRequestStatus
    TokenRequestSpec audiences=1:* boundObjectRef=3:BoundObjectReference expirationSeconds=4:l
    TokenRequestStatus token=1 expirationTimestamp=2:T
    TokenReview metadata=1:.ObjectMeta spec=2:TokenReviewSpec status=3:TokenReviewStatus
    TokenReviewSpec token=1 audiences=2:*
    TokenReviewStatus authenticated=1:b user=2:UserInfo error=3 audiences=4:*
    UserInfo username=1 uid=2 groups=3:* extra=4:%V
  `,
  'authorization/v1': `
    FieldSelectorAttributes rawSelector=1 requirements=2:*.FieldSelectorRequirement
    LabelSelectorAttributes rawSelector=1 requirements=2:*.LabelSelectorRequirement
    LocalSubjectAccessReview metadata=1:.ObjectMeta spec=2:SubjectAccessReviewSpec
      status=3:SubjectAccessReviewStatus
    NonResourceAttributes path=1 verb=2
    NonResourceRule verbs=1:* nonResourceURLs=2:*
    ResourceAttributes namespace=1 verb=2 group=3 version=4 resource=5 subresource=6 name=7
      fieldSelector=8:FieldSelectorAttributes labelSelector=9:LabelSelectorAttributes
    ResourceRule verbs=1:* apiGroups=2:* resources=3:* resourceNames=4:*
    SelfSubjectAccessReview metadata=1:.ObjectMeta spec=2:SelfSubjectAccessReviewSpec
      status=3:SubjectAccessReviewStatus
    SelfSubjectAccessReviewSpec resourceAttributes=1:ResourceAttributes
      nonResourceAttributes=2:NonResourceAttributes
    SelfSubjectRulesReview metadata=1:.ObjectMeta spec=2:SelfSubjectRulesReviewSpec
      status=3:SubjectRulesReviewStatus
    SelfSubjectRulesReviewSpec namespace=1
    SubjectAccessReview metadata=1:.ObjectMeta spec=2:SubjectAccessReviewSpec status=3:SubjectAccessReviewStatus
    SubjectAccessReviewSpec resourceAttributes=1:ResourceAttributes nonResourceAttributes=2:NonResourceAttributes
      user=3 groups=4:* extra=5:%V uid=6
    SubjectAccessReviewStatus allowed=1:b reason=2 evaluationError=3 denied=4:b
    SubjectRulesReviewStatus resourceRules=1:*ResourceRule nonResourceRules=2:*NonResourceRule incomplete=3:b
      evaluationError=4
  `,
  'rbac/v1': `
    AggregationRule clusterRoleSelectors=1:*.LabelSelector
    ClusterRole metadata=1:.ObjectMeta rules=2:*PolicyRule aggregationRule=3:AggregationRule
    ClusterRoleBinding metadata=1:.ObjectMeta subjects=2:*Subject roleRef=3:RoleRef
    ClusterRoleBindingList metadata=1:.ListMeta items=2:*ClusterRoleBinding
    ClusterRoleList metadata=1:.ListMeta items=2:*ClusterRole
    PolicyRule verbs=1:* apiGroups=2:* resources=3:* resourceNames=4:* nonResourceURLs=5:*
    Role metadata=1:.ObjectMeta rules=2:*PolicyRule
    RoleBinding metadata=1:.ObjectMeta subjects=2:*Subject roleRef=3:RoleRef
    RoleBindingList metadata=1:.ListMeta items=2:*RoleBinding
    RoleList metadata=1:.ListMeta items=2:*Role
    RoleRef apiGroup=1 kind=2 name=3
    Subject kind=1 apiGroup=2 name=3 namespace=4
  `,
  'certificates/v1': `
    CertificateSigningRequest metadata=1:.ObjectMeta spec=2:CertificateSigningRequestSpec
      status=3:CertificateSigningRequestStatus
    CertificateSigningRequestCondition type=1 reason=2 message=3 lastUpdateTime=4:T lastTransitionTime=5:T status=6
    CertificateSigningRequestList metadata=1:.ListMeta items=2:*CertificateSigningRequest
    CertificateSigningRequestSpec request=1:y username=2 uid=3 groups=4:* usages=5:* extra=6:%V signerName=7
      expirationSeconds=8:i
    CertificateSigningRequestStatus conditions=1:*CertificateSigningRequestCondition certificate=2:y
  `,
  'admissionregistration/v1': `
    ApplyConfiguration expression=1
    AuditAnnotation key=1 valueExpression=2
    ExpressionWarning fieldRef=2 warning=3
    JSONPatch expression=1
    MatchCondition name=1 expression=2
    MatchResources namespaceSelector=1:.LabelSelector objectSelector=2:.LabelSelector
      resourceRules=3:*NamedRuleWithOperations excludeResourceRules=4:*NamedRuleWithOperations matchPolicy=7
    MutatingAdmissionPolicy metadata=1:.ObjectMeta spec=2:MutatingAdmissionPolicySpec
    MutatingAdmissionPolicyBinding metadata=1:.ObjectMeta spec=2:MutatingAdmissionPolicyBindingSpec
    MutatingAdmissionPolicyBindingList metadata=1:.ListMeta items=2:*MutatingAdmissionPolicyBinding
    MutatingAdmissionPolicyBindingSpec policyName=1 paramRef=2:ParamRef matchResources=3:MatchResources
    MutatingAdmissionPolicyList metadata=1:.ListMeta items=2:*MutatingAdmissionPolicy
    MutatingAdmissionPolicySpec paramKind=1:ParamKind matchConstraints=2:MatchResources variables=3:*Variable
      mutations=4:*Mutation failurePolicy=5 matchConditions=6:*MatchCondition reinvocationPolicy=7
    MutatingWebhook name=1 clientConfig=2:WebhookClientConfig rules=3:*RuleWithOperations failurePolicy=4
      namespaceSelector=5:.LabelSelector sideEffects=6 timeoutSeconds=7:i admissionReviewVersions=8:* matchPolicy=9
      reinvocationPolicy=10 objectSelector=11:.LabelSelector matchConditions=12:*MatchCondition
    MutatingWebhookConfiguration metadata=1:.ObjectMeta webhooks=2:*MutatingWebhook
    MutatingWebhookConfigurationList metadata=1:.ListMeta items=2:*MutatingWebhookConfiguration
    Mutation patchType=2 applyConfiguration=3:ApplyConfiguration jsonPatch=4:JSONPatch
    NamedRuleWithOperations resourceNames=1:* ^=2:RuleWithOperations
    ParamKind apiVersion=1 kind=2
    ParamRef name=1 namespace=2 selector=3:.LabelSelector parameterNotFoundAction=4
    Rule apiGroups=1:* apiVersions=2:* resources=3:* scope=4
    RuleWithOperations operations=1:* ^=2:Rule
    ServiceReference namespace=1 name=2 path=3 port=4:i
    TypeChecking expressionWarnings=1:*ExpressionWarning
    ValidatingAdmissionPolicy metadata=1:.ObjectMeta spec=2:ValidatingAdmissionPolicySpec
      status=3:ValidatingAdmissionPolicyStatus
    ValidatingAdmissionPolicyBinding metadata=1:.ObjectMeta spec=2:ValidatingAdmissionPolicyBindingSpec
    ValidatingAdmissionPolicyBindingList metadata=1:.ListMeta items=2:*ValidatingAdmissionPolicyBinding
    ValidatingAdmissionPolicyBindingSpec policyName=1 paramRef=2:ParamRef matchResources=3:MatchResources
      validationActions=4:*
    ValidatingAdmissionPolicyList metadata=1:.ListMeta items=2:*ValidatingAdmissionPolicy
    ValidatingAdmissionPolicySpec paramKind=1:ParamKind matchConstraints=2:MatchResources validations=3:*Validation
      failurePolicy=4 auditAnnotations=5:*AuditAnnotation matchConditions=6:*MatchCondition variables=7:*Variable
    ValidatingAdmissionPolicyStatus observedGeneration=1:l typeChecking=2:TypeChecking conditions=3:*.Condition
    ValidatingWebhook name=1 clientConfig=2:WebhookClientConfig rules=3:*RuleWithOperations failurePolicy=4
      namespaceSelector=5:.LabelSelector sideEffects=6 timeoutSeconds=7:i admissionReviewVersions=8:* matchPolicy=9
      objectSelector=10:.LabelSelector matchConditions=11:*MatchCondition
    ValidatingWebhookConfiguration metadata=1:.ObjectMeta webhooks=2:*ValidatingWebhook
    ValidatingWebhookConfigurationList metadata=1:.ListMeta items=2:*ValidatingWebhookConfiguration
    Validation expression=1 message=2 reason=3 messageExpression=4
    Variable name=1 expression=2
    WebhookClientConfig service=1:ServiceReference caBundle=2:y url=3
  `,
  'flowcontrol/v1': `
    ExemptPriorityLevelConfiguration nominalConcurrencyShares=1:i lendablePercent=2:i
    FlowDistinguisherMethod type=1
    FlowSchema metadata=1:.ObjectMeta spec=2:FlowSchemaSpec status=3:FlowSchemaStatus
    FlowSchemaCondition type=1 status=2 lastTransitionTime=3:T reason=4 message=5
    FlowSchemaList metadata=1:.ListMeta items=2:*FlowSchema
    FlowSchemaSpec priorityLevelConfiguration=1:PriorityLevelConfigurationReference matchingPrecedence=2:i
      distinguisherMethod=3:FlowDistinguisherMethod rules=4:*PolicyRulesWithSubjects
    FlowSchemaStatus conditions=1:*FlowSchemaCondition
    GroupSubject name=1
    LimitResponse type=1 queuing=2:QueuingConfiguration
    LimitedPriorityLevelConfiguration nominalConcurrencyShares=1:i limitResponse=2:LimitResponse lendablePercent=3:i
      borrowingLimitPercent=4:i
    NonResourcePolicyRule verbs=1:* nonResourceURLs=6:*
    PolicyRulesWithSubjects subjects=1:*Subject resourceRules=2:*ResourcePolicyRule
      nonResourceRules=3:*NonResourcePolicyRule
    PriorityLevelConfiguration metadata=1:.ObjectMeta spec=2:PriorityLevelConfigurationSpec
      status=3:PriorityLevelConfigurationStatus
    PriorityLevelConfigurationCondition type=1 status=2 lastTransitionTime=3:T reason=4 message=5
    PriorityLevelConfigurationList metadata=1:.ListMeta items=2:*PriorityLevelConfiguration
    PriorityLevelConfigurationReference name=1
    PriorityLevelConfigurationSpec type=1 limited=2:LimitedPriorityLevelConfiguration
      exempt=3:ExemptPriorityLevelConfiguration
    PriorityLevelConfigurationStatus conditions=1:*PriorityLevelConfigurationCondition
    QueuingConfiguration queues=1:i handSize=2:i queueLengthLimit=3:i
    ResourcePolicyRule verbs=1:* apiGroups=2:* resources=3:* clusterScope=4:b namespaces=5:*
    ServiceAccountSubject namespace=1 name=2
    Subject kind=1 user=2:UserSubject group=3:GroupSubject serviceAccount=4:ServiceAccountSubject
    UserSubject name=1
  `,
}
