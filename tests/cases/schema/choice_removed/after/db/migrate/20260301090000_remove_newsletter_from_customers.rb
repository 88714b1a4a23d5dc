class RemoveNewsletterFromCustomers < ActiveRecord::Migration[8.1]
  def change
    remove_column :customers, :newsletter, :boolean
  end
end
