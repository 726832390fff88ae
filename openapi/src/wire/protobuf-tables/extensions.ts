/** Field numbers of Kubernetes' protobuf messages; the notation is explained in ../protobuf-schema.ts. */
export const extensionsMessages: Record<string, string> = {
  'apiextensions/v1': `
    CustomResourceColumnDefinition name=1 type=2 format=3 description=4 priority=5:i jsonPath=6
    CustomResourceConversion strategy=1 webhook=2:WebhookConversion
    CustomResourceDefinition metadata=1:.ObjectMeta spec=2:CustomResourceDefinitionSpec
      status=3:CustomResourceDefinitionStatus
    CustomResourceDefinitionCondition type=1 status=2 lastTransitionTime=3:T reason=4 message=5
      observedGeneration=6:l
    CustomResourceDefinitionList metadata=1:.ListMeta items=2:*CustomResourceDefinition
    CustomResourceDefinitionNames plural=1 singular=2 shortNames=3:* kind=4 listKind=5 categories=6:*
    CustomResourceDefinitionSpec group=1 names=3:CustomResourceDefinitionNames scope=4
      versions=7:*CustomResourceDefinitionVersion conversion=9:CustomResourceConversion preserveUnknownFields=10:b
    CustomResourceDefinitionStatus conditions=1:*CustomResourceDefinitionCondition
      acceptedNames=2:CustomResourceDefinitionNames storedVersions=3:* observedGeneration=4:l
    CustomResourceDefinitionVersion name=1 served=2:b storage=3:b schema=4:CustomResourceValidation
      subresources=5:CustomResourceSubresources additionalPrinterColumns=6:*CustomResourceColumnDefinition
      deprecated=7:b deprecationWarning=8 selectableFields=9:*SelectableField
    CustomResourceSubresourceScale specReplicasPath=1 statusReplicasPath=2 labelSelectorPath=3
    CustomResourceSubresourceStatus
    CustomResourceSubresources status=1:CustomResourceSubresourceStatus scale=2:CustomResourceSubresourceScale
    CustomResourceValidation openAPIV3Schema=1:JSONSchemaProps
    ExternalDocumentation description=1 url=2
    JSONSchemaProps id=1 $schema=2 $ref=3 description=4 type=5 format=6 title=7 default=8:R maximum=9:d
      exclusiveMaximum=10:b minimum=11:d exclusiveMinimum=12:b maxLength=13:l minLength=14:l pattern=15
      maxItems=16:l minItems=17:l uniqueItems=18:b multipleOf=19:d enum=20:*R maxProperties=21:l minProperties=22:l
      required=23:* items=24:A allOf=25:*JSONSchemaProps oneOf=26:*JSONSchemaProps anyOf=27:*JSONSchemaProps
      not=28:JSONSchemaProps properties=29:%JSONSchemaProps additionalProperties=30:B
      patternProperties=31:%JSONSchemaProps dependencies=32:%S additionalItems=33:B definitions=34:%JSONSchemaProps
      externalDocs=35:ExternalDocumentation example=36:R nullable=37:b x-kubernetes-preserve-unknown-fields=38:b
      x-kubernetes-embedded-resource=39:b x-kubernetes-int-or-string=40:b x-kubernetes-list-map-keys=41:*
      x-kubernetes-list-type=42 x-kubernetes-map-type=43 x-kubernetes-validations=44:*ValidationRule
    SelectableField jsonPath=1
    ServiceReference namespace=1 name=2 path=3 port=4:i
    ValidationRule rule=1 message=2 messageExpression=3 reason=4 fieldPath=5 optionalOldSelf=6:b
    WebhookClientConfig service=1:ServiceReference caBundle=2:y url=3
    WebhookConversion clientConfig=2:WebhookClientConfig conversionReviewVersions=3:*
  `,
  'apiregistration/v1': `
    APIService metadata=1:.ObjectMeta spec=2:APIServiceSpec status=3:APIServiceStatus
    APIServiceCondition type=1 status=2 lastTransitionTime=3:T reason=4 message=5
    APIServiceList metadata=1:.ListMeta items=2:*APIService
    APIServiceSpec service=1:ServiceReference group=2 version=3 insecureSkipTLSVerify=4:b caBundle=5:y
      groupPriorityMinimum=7:i versionPriority=8:i
    APIServiceStatus conditions=1:*APIServiceCondition
    ServiceReference namespace=1 name=2 port=3:i
  `,
}
