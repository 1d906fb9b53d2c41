metadata description = 'The vault of the keys. What is in it is made by make-keys.sh; no secret passes through a template.'

@description('Name of the vault: 3 to 24 letters, digits and single hyphens.')
@minLength(3)
@maxLength(24)
param name string

@description('Region.')
param location string

@description('Tags on everything.')
param tags object

@description('True once, to bring back a vault of this name that was deleted and cannot be purged yet.')
param recover bool

@description('Refuse everything that does not come through a private endpoint.')
param privateOnly bool

@description('Object id of the identity the app runs as.')
param appPrincipalId string

@description('Object ids of people or groups that make and rotate keys.')
param keyOfficerPrincipalIds string[]

@description('Where diagnostic logs go.')
param workspaceId string

// Key Vault Secrets User, Key Vault Secrets Officer
var secretsUser = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '4633458b-17de-408a-b874-0445c86b69e6')
var secretsOfficer = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7')

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    createMode: recover ? 'recover' : 'default'
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    // A MAC key that is gone leaves entries nobody can verify, so nobody can purge one. Once on it cannot be turned off.
    enablePurgeProtection: true
    publicNetworkAccess: privateOnly ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: privateOnly ? 'Deny' : 'Allow'
    }
  }
}

resource use 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, appPrincipalId, secretsUser)
  scope: vault
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: secretsUser
  }
}

resource administer 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for officer in keyOfficerPrincipalIds: {
    name: guid(vault.id, officer, secretsOfficer)
    scope: vault
    properties: {
      principalId: officer
      roleDefinitionId: secretsOfficer
    }
  }
]

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: vault
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'audit'
        enabled: true
      }
    ]
  }
}

@description('Resource id of the vault.')
output id string = vault.id

@description('Name of the vault.')
output name string = vault.name
