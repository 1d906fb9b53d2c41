metadata description = 'The identity the app runs as. Every grant names it; nothing else is entitled to anything.'

@description('Name of the identity.')
param name string

@description('Region.')
param location string

@description('Tags on everything.')
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('Resource id, for what runs as it.')
output id string = identity.id

@description('Object id, for role assignments.')
output principalId string = identity.properties.principalId

@description('Client id, for clients that must say which identity they mean.')
output clientId string = identity.properties.clientId
