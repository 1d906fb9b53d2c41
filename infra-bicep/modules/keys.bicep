metadata description = 'Runs make-keys.sh inside the deployment, under an identity that does nothing else.'

@description('Name of the vault.')
param vaultName string

@description('Name of the identity that the script runs as.')
param identityName string

@description('Ids of the signing and MAC keys, which are the names of their secrets too; those of signing keys begin with signing-.')
@minLength(1)
param keyIds string[]

@description('Region.')
param location string

@description('Tags on everything.')
param tags object

// Key Vault Secrets Officer
var secretsOfficer = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7')

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vaultName
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: identityName
  location: location
  tags: tags
}

resource administer 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, identity.id, secretsOfficer)
  scope: vault
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: secretsOfficer
  }
}

// Runs when the list of keys or the script changes; what is in the vault stays as it is. The platform makes a container and a storage account for the run
// and removes both; where a policy forbids accounts with keys, set generateKeys to false and run the script by hand.
resource script 'Microsoft.Resources/deploymentScripts@2023-08-01' = {
  name: 'make-keys'
  location: location
  tags: tags
  kind: 'AzureCLI'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identity.id}': {}
    }
  }
  properties: {
    azCliVersion: '2.75.0'
    scriptContent: loadTextContent('../make-keys.sh')
    arguments: '${vaultName} ${join(keyIds, ' ')}'
    forceUpdateTag: uniqueString(vault.id, join(keyIds, ' '))
    cleanupPreference: 'Always'
    retentionInterval: 'PT1H'
    timeout: 'PT30M'
  }
  dependsOn: [
    administer
  ]
}

@description('How the run ended.')
output state string = script.properties.provisioningState
