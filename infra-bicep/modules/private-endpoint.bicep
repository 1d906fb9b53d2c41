metadata description = 'A private endpoint for one service, with its name in private DNS.'

@description('Name of the endpoint.')
param name string

@description('Region.')
param location string

@description('Tags on everything.')
param tags object

@description('Resource id of the service.')
param serviceId string

@description('Which of the service\'s endpoints: blob, Sql, namespace, vault, sites.')
@allowed(['blob', 'Sql', 'namespace', 'vault', 'sites'])
param groupId string

@description('Resource id of the subnet.')
param subnetId string

@description('Resource id of the private DNS zone.')
param dnsZoneId string

resource endpoint 'Microsoft.Network/privateEndpoints@2024-10-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    subnet: {
      id: subnetId
    }
    privateLinkServiceConnections: [
      {
        name: groupId
        properties: {
          privateLinkServiceId: serviceId
          groupIds: [
            groupId
          ]
        }
      }
    ]
  }

  resource dns 'privateDnsZoneGroups' = {
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [
        {
          name: groupId
          properties: {
            privateDnsZoneId: dnsZoneId
          }
        }
      ]
    }
  }
}
